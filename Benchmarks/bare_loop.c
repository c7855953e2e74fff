/* The rows of a store, inserted anew with the sqlite3 C API and nothing else: what the disk and SQLite cost alone.
 *
 *     bare_loop REFERENCE TARGET BATCH [unchanged]
 *
 * TARGET is a store with the same schema, the collector's own settings and no rows. Everything is read into memory first; the loop alone is timed: per
 * host what the collector writes for a new one, BATCH hosts a transaction, synchronous=FULL. With `unchanged`, TARGET has
 * the rows already, and what the collector writes for a host that is as it was is written. Prints hosts per second.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TABLES = 7, LIMIT = 64 };

static const char *const selects[TABLES] = {
    "SELECT row_id, * FROM hosts ORDER BY row_id",
    "SELECT row_id, row_id, id || char(10) || coalesce(hostname, '') || char(10) || coalesce(machine_id, '') FROM hosts ORDER BY row_id",
    "SELECT place, * FROM reports ORDER BY place",
    "SELECT place, * FROM databases ORDER BY place",
    "SELECT place, row_id, place_id || char(10) || coalesce(hostname, '') || char(10) || key || char(10) || engine || char(10) ||"
    " coalesce(vendor, '') || char(10) || coalesce(version, '') || char(10) || coalesce(data_directory, '') FROM databases ORDER BY place",
    "SELECT place, * FROM changes ORDER BY place",
    "SELECT place, * FROM observations ORDER BY place",
};
static const char *const names[TABLES] = {
    "hosts", "search_hosts (rowid, text)", "reports", "databases", "search_databases (rowid, text)", "changes", "observations"};

struct row {
    sqlite3_int64 host;
    sqlite3_value *values[LIMIT];
};
struct table {
    struct row *rows;
    size_t count, next;
    int columns;
    sqlite3_stmt *insert;
};

static sqlite3 *target;

static void check(int result, int wanted, const char *what) {
    if (result == wanted) return;
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(target));
    exit(1);
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(database));
        exit(1);
    }
    return statement;
}

static void read_table(sqlite3 *reference, int number, struct table *table) {
    sqlite3_stmt *select = prepare(reference, selects[number]);
    size_t room = 0;
    table->columns = sqlite3_column_count(select) - 1;
    while (sqlite3_step(select) == SQLITE_ROW) {
        if (table->count == room) table->rows = realloc(table->rows, (room = room ? room * 2 : 1024) * sizeof *table->rows);
        struct row *row = &table->rows[table->count++];
        row->host = sqlite3_column_int64(select, 0);
        for (int column = 0; column < table->columns; column++) row->values[column] = sqlite3_value_dup(sqlite3_column_value(select, column + 1));
    }
    sqlite3_finalize(select);
}

static void insert_rows(struct table *table, sqlite3_int64 host) {
    for (; table->next < table->count && table->rows[table->next].host == host; table->next++) {
        for (int column = 0; column < table->columns; column++)
            sqlite3_bind_value(table->insert, column + 1, table->rows[table->next].values[column]);
        check(sqlite3_step(table->insert), SQLITE_DONE, "insert");
        sqlite3_reset(table->insert);
    }
}

static void run(sqlite3_stmt *statement, sqlite3_int64 host) {
    sqlite3_bind_int64(statement, 1, host);
    check(sqlite3_step(statement), SQLITE_DONE, "update");
    sqlite3_reset(statement);
}

int main(int count, char **arguments) {
    sqlite3 *reference;
    static struct table tables[TABLES];
    if (count < 4) return 64;
    int batch = atoi(arguments[3]), is_unchanged = count > 4;
    check(sqlite3_open(arguments[1], &reference), SQLITE_OK, "open");
    check(sqlite3_open(arguments[2], &target), SQLITE_OK, "open");
    check(sqlite3_exec(target,
                       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;"
                       "PRAGMA temp_store = MEMORY", 0, 0, 0), SQLITE_OK, "open");
    for (int number = 0; number < TABLES; number++) {
        char sql[2000];
        read_table(reference, number, &tables[number]);
        snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (", names[number]);
        for (int column = 0; column < tables[number].columns; column++) strcat(sql, column ? ", ?" : "?");
        tables[number].insert = prepare(target, strcat(sql, ")"));
    }
    sqlite3_stmt *begin = prepare(target, "BEGIN IMMEDIATE"), *commit = prepare(target, "COMMIT");
    sqlite3_stmt *host_seen = prepare(target, "UPDATE hosts SET last_seen = '2027-01-01T00:00:00.000Z' WHERE row_id = ?");
    sqlite3_stmt *report = prepare(target,
        "INSERT INTO reports (place, started_at, seen_at, received_at, is_older, source, body)"
        " SELECT place, '2027', '2027', '2027', 0, source, body FROM reports WHERE place = ? LIMIT 1");
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    size_t hosts = tables[0].count;
    for (size_t at = 0; at < hosts;) {
        run(begin, 0);
        for (int n = 0; n < batch && at < hosts; n++, at++) {
            sqlite3_int64 host = tables[0].rows[at].host;
            if (is_unchanged) {
                run(host_seen, host);
                run(report, host);
            } else {
                for (int number = 0; number < TABLES; number++) insert_rows(&tables[number], host);
            }
        }
        run(commit, 0);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.1f\n", hosts / ((end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9));
    return 0;
}
