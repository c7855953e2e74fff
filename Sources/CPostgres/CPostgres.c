#include "CPostgres.h"

#include <dlfcn.h>
#include <stdio.h>

static struct dbcensus_libpq functions;

const struct dbcensus_libpq *dbcensus_libpq_load(char *error, size_t size) {
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(error, size, "%s", dlerror());
        return NULL;
    }
#define F(type, name, parameters) \
    *(void **)&functions.name = dlsym(library, #name); \
    if (functions.name == NULL) { \
        snprintf(error, size, "it is older than version 14: it has no %s", #name); \
        return NULL; \
    }
    DBCENSUS_LIBPQ(F)
    DBCENSUS_LIBPQ_ENUMERATED(F)
#undef F
    return &functions;
}
