// libexpat's own header.
#ifndef DBCENSUS_CEXPAT_H
#define DBCENSUS_CEXPAT_H
#include <expat.h>
#endif
