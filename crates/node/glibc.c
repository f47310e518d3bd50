/* The first version of each name that glibc has in a version after 2.28. What is linked here asks for these; see glibc.rs. */

#include <pthread.h>
#include <stddef.h>

#if defined(__aarch64__)
#define AT_FIRST(version) "GLIBC_2.17"
#define STAT_VERSION 0
#else
#define AT_FIRST(version) "GLIBC_" version
#define STAT_VERSION 1
#endif

#define HIDDEN __attribute__((visibility("hidden")))

/* Defines `name`, which calls that version of it. */
#define FIRST(version, result, name, parameters, arguments)                 \
  result first_##name parameters;                                           \
  __asm__(".symver first_" #name "," #name "@" AT_FIRST(version));          \
  HIDDEN result name parameters { return first_##name arguments; }

FIRST("2.2.5", double, exp, (double x), (x))
FIRST("2.2.5", double, exp2, (double x), (x))
FIRST("2.2.5", double, hypot, (double x, double y), (x, y))
FIRST("2.2.5", double, log, (double x), (x))
FIRST("2.2.5", double, log2, (double x), (x))
FIRST("2.2.5", double, pow, (double x, double y), (x, y))

FIRST("2.2.5", int, dladdr, (const void *address, void *info), (address, info))
FIRST("2.2.5", int, dlclose, (void *handle), (handle))
FIRST("2.2.5", char *, dlerror, (void), ())
FIRST("2.2.5", void *, dlopen, (const char *path, int mode), (path, mode))
FIRST("2.2.5", void *, dlsym, (void *handle, const char *name), (handle, name))

FIRST("2.2.5", int, pthread_attr_getguardsize, (const pthread_attr_t *of, size_t *size), (of, size))
FIRST("2.2.5", int, pthread_attr_getstack, (const pthread_attr_t *of, void **from, size_t *size), (of, from, size))
FIRST("2.2.5", int, pthread_attr_setstacksize, (pthread_attr_t *of, size_t size), (of, size))
FIRST("2.2.5", int, pthread_create,
      (pthread_t *thread, const pthread_attr_t *as, void *(*body)(void *), void *with), (thread, as, body, with))
FIRST("2.2.5", int, pthread_detach, (pthread_t thread), (thread))
FIRST("2.2.5", int, pthread_getattr_np, (pthread_t thread, pthread_attr_t *to), (thread, to))
FIRST("2.2.5", int, pthread_join, (pthread_t thread, void **result), (thread, result))
FIRST("2.2.5", int, pthread_key_create, (pthread_key_t *key, void (*free)(void *)), (key, free))
FIRST("2.2.5", int, pthread_key_delete, (pthread_key_t key), (key))
FIRST("2.2.5", int, pthread_setspecific, (pthread_key_t key, const void *value), (key, value))
FIRST("2.3.4", int, pthread_setaffinity_np, (pthread_t thread, size_t size, const void *set), (thread, size, set))
FIRST("2.12", int, pthread_setname_np, (pthread_t thread, const char *name), (thread, name))

/* Before 2.33 each program had these of its own, as calls of what follows. */
int __xstat64(int, const char *, void *);
int __lxstat64(int, const char *, void *);
int __fxstat64(int, int, void *);
int __fxstatat64(int, int, const char *, void *, int);

HIDDEN int stat64(const char *path, void *to) { return __xstat64(STAT_VERSION, path, to); }
HIDDEN int lstat64(const char *path, void *to) { return __lxstat64(STAT_VERSION, path, to); }
HIDDEN int fstat64(int file, void *to) { return __fxstat64(STAT_VERSION, file, to); }
HIDDEN int fstatat64(int folder, const char *path, void *to, int flags) {
  return __fxstatat64(STAT_VERSION, folder, path, to, flags);
}
