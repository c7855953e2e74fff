// libpq's functions that PostgresDriver calls, found when the program first needs them.
//
// The collector serves most stores from a file: it must start where libpq is not installed. So nothing links libpq; its
// interface has been stable since version 14 (https://www.postgresql.org/docs/14/libpq.html).
// Tests/EndToEnd/test_postgresql.py compiles these declarations next to libpq's own header.
#ifndef DBCENSUS_CPOSTGRES_H
#define DBCENSUS_CPOSTGRES_H

#include <stddef.h>

// Only the functions themselves say that they are not null.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"

#ifndef DBCENSUS_LIBPQ_HEADER
typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef struct pg_cancel PGcancel;
typedef unsigned int Oid;
typedef void (*PQnoticeReceiver)(void *argument, const PGresult *result);
typedef struct _PQconninfoOption {
    char *keyword, *envvar, *compiled, *val, *label, *dispchar;
    int dispsize;
} PQconninfoOption;
#endif

// F(type of the result, name, parameters)
#define DBCENSUS_LIBPQ(F) \
    F(PGconn *, PQconnectdbParams, (const char *const *keywords, const char *const *values, int expand_dbname)) \
    F(PQconninfoOption *, PQconninfoParse, (const char *text, char **error)) \
    F(void, PQconninfoFree, (PQconninfoOption *options)) \
    F(void, PQfreemem, (void *memory)) \
    F(void, PQfinish, (PGconn *connection)) \
    F(char *, PQerrorMessage, (const PGconn *connection)) \
    F(const char *, PQparameterStatus, (const PGconn *connection, const char *name)) \
    F(int, PQserverVersion, (const PGconn *connection)) \
    F(int, PQsocket, (const PGconn *connection)) \
    F(PQnoticeReceiver, PQsetNoticeReceiver, (PGconn *connection, PQnoticeReceiver receiver, void *argument)) \
    F(int, PQsendQuery, (PGconn *connection, const char *sql)) \
    F(int, PQsendQueryParams, (PGconn *connection, const char *sql, int count, const Oid *types, \
        const char *const *values, const int *lengths, const int *formats, int result_format)) \
    F(int, PQsendPrepare, (PGconn *connection, const char *name, const char *sql, int count, const Oid *types)) \
    F(int, PQsendQueryPrepared, (PGconn *connection, const char *name, int count, const char *const *values, \
        const int *lengths, const int *formats, int result_format)) \
    F(int, PQenterPipelineMode, (PGconn *connection)) \
    F(int, PQexitPipelineMode, (PGconn *connection)) \
    F(int, PQpipelineSync, (PGconn *connection)) \
    F(int, PQconsumeInput, (PGconn *connection)) \
    F(int, PQsetnonblocking, (PGconn *connection, int is_nonblocking)) \
    F(int, PQflush, (PGconn *connection)) \
    F(int, PQisBusy, (PGconn *connection)) \
    F(PGresult *, PQgetResult, (PGconn *connection)) \
    F(int, PQputCopyData, (PGconn *connection, const char *bytes, int count)) \
    F(int, PQputCopyEnd, (PGconn *connection, const char *error)) \
    F(PGcancel *, PQgetCancel, (PGconn *connection)) \
    F(int, PQcancel, (PGcancel *cancel, char *error, int size)) \
    F(void, PQfreeCancel, (PGcancel *cancel)) \
    F(void, PQclear, (PGresult *result)) \
    F(char *, PQresultErrorField, (const PGresult *result, int field)) \
    F(char *, PQresultErrorMessage, (const PGresult *result)) \
    F(int, PQntuples, (const PGresult *result)) \
    F(int, PQnfields, (const PGresult *result)) \
    F(Oid, PQftype, (const PGresult *result, int column)) \
    F(int, PQgetisnull, (const PGresult *result, int row, int column)) \
    F(int, PQgetlength, (const PGresult *result, int row, int column)) \
    F(char *, PQgetvalue, (const PGresult *result, int row, int column)) \
    F(char *, PQcmdTuples, (PGresult *result))

// Those whose results are enumerations in libpq's header; the numbers are below.
#define DBCENSUS_LIBPQ_ENUMERATED(F) \
    F(int, PQstatus, (const PGconn *connection)) \
    F(int, PQtransactionStatus, (const PGconn *connection)) \
    F(int, PQresultStatus, (const PGresult *result))

// Loading fails where one is missing, so that none is null.
struct dbcensus_libpq {
#define F(type, name, parameters) type(*_Nonnull name) parameters;
    DBCENSUS_LIBPQ(F)
    DBCENSUS_LIBPQ_ENUMERATED(F)
#undef F
};

enum {
    DBCENSUS_CONNECTION_OK = 0,
    DBCENSUS_COMMAND_OK = 1,
    DBCENSUS_TUPLES_OK = 2,
    DBCENSUS_COPY_IN = 4,
    DBCENSUS_PIPELINE_SYNC = 10,
    DBCENSUS_PIPELINE_ABORTED = 11,
    DBCENSUS_TRANSACTION_IDLE = 0,
    DBCENSUS_TRANSACTION_FAILED = 3,
    DBCENSUS_FIELD_SEVERITY = 'V',
    DBCENSUS_FIELD_SQLSTATE = 'C',
    DBCENSUS_FIELD_MESSAGE = 'M',
};

// The functions of the libpq that is installed, or NULL with the reason in `error`.
const struct dbcensus_libpq *dbcensus_libpq_load(char *error, size_t size);

#pragma clang diagnostic pop

#endif
