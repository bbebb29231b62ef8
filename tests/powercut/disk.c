/* What a program does to the files below one directory: written down, cut off, or refused.
 *
 * Built by `disk.py` and put under an unmodified program with LD_PRELOAD. Everything is told by the environment:
 *
 *   DISK_DIR    the directory; without it nothing happens
 *   DISK_LOG    changes are appended to this file, in the order in which the kernel did them
 *   DISK_NOTES  what the program writes to this file (it lies elsewhere) is logged among the changes
 *   DISK_FAULT  KIND:N: the N-th change is not done. KIND is kill, eio, enospc, erofs; with a + behind it that one and all
 *               that follow. A full medium refuses what needs room, so a sync never fails with enospc.
 *   DISK_ROOM   file with a decimal number, looked at for every growing change: the bytes the directory can hold
 *
 * A change is a write, truncate, sync, create, unlink, rename or mkdir. Contents of shared memory (-shm) are not seen,
 * and not needed: a power cut loses them.
 *
 * A log record is the header below, then `path_len` bytes of path (relative to DISK_DIR) and `data_len` bytes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum change { WRITE = 1, TRUNCATE, SYNC, CREATE, UNLINK, RENAME, MKDIR, SYNC_DIR, NOTE, REFUSED };

struct __attribute__((packed)) header {
  uint8_t change;
  uint16_t path_len;
  uint32_t data_len;
  uint64_t inode;
  uint64_t offset;
};

enum { HANDLES = 8192 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static char root[PATH_MAX], notes[PATH_MAX], room[PATH_MAX];
static size_t root_len;
static int log_handle = -1;
static char *followed[HANDLES]; /* path of an open file below the root, by handle; "" is the root itself */
static char is_notes[HANDLES];
static long fault_at, changes;
static int fault_kill, fault_error, fault_lasts;

#define TRUE_CALL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void begin(void) {
  const char *dir = getenv("DISK_DIR"), *log = getenv("DISK_LOG"), *note = getenv("DISK_NOTES");
  const char *fault = getenv("DISK_FAULT"), *limit = getenv("DISK_ROOM");
  if (!dir || !realpath(dir, root)) return;
  if (note) snprintf(notes, sizeof notes, "%s", note);
  if (limit) snprintf(room, sizeof room, "%s", limit);
  if (fault) {
    const char *colon = strchr(fault, ':');
    fault_at = colon ? atol(colon + 1) : 0;
    fault_kill = !strncmp(fault, "kill", 4);
    fault_error = !strncmp(fault, "eio", 3) ? EIO : !strncmp(fault, "erofs", 5) ? EROFS : ENOSPC;
    fault_lasts = colon && colon[-1] == '+';
  }
  if (log) log_handle = TRUE_CALL(open64)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  root_len = strlen(root);
}

/* The path below the root, NULL when it lies elsewhere. */
static const char *below(int at, const char *path, char *whole) {
  pthread_once(&once, begin);
  if (!root_len || !path) return NULL;
  if (path[0] == '/') {
    snprintf(whole, PATH_MAX, "%s", path);
  } else {
    char here[PATH_MAX], link[64];
    if (at == AT_FDCWD) {
      if (!getcwd(here, sizeof here)) return NULL;
    } else {
      snprintf(link, sizeof link, "/proc/self/fd/%d", at);
      ssize_t got = readlink(link, here, sizeof here - 1);
      if (got < 0) return NULL;
      here[got] = 0;
    }
    if (snprintf(whole, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return NULL;
  }
  if (strncmp(whole, root, root_len)) return NULL;
  if (!whole[root_len]) return whole + root_len;
  return whole[root_len] == '/' ? whole + root_len + 1 : NULL;
}

static const char *path_of(int handle) {
  pthread_once(&once, begin);
  return handle >= 0 && handle < HANDLES ? followed[handle] : NULL;
}

static uint64_t inode_of(int handle) {
  struct stat64 found;
  return fstat64(handle, &found) ? 0 : found.st_ino;
}

static void put(enum change change, const char *path, uint64_t inode, uint64_t offset, const void *data, uint32_t len) {
  if (log_handle < 0) return;
  struct header head = {change, strlen(path), len, inode, offset};
  struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path_len}, {(void *)data, len}};
  if (writev(log_handle, parts, 3) != (ssize_t)(sizeof head + head.path_len + len)) abort();
}

static uint64_t held_in(const char *directory) {
  char path[PATH_MAX];
  uint64_t sum = 0;
  struct dirent *entry;
  DIR *listing = opendir(directory);
  while (listing && (entry = readdir(listing))) {
    struct stat64 found;
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    if (snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) >= (int)sizeof path || lstat64(path, &found)) continue;
    sum += S_ISDIR(found.st_mode) ? held_in(path) : (uint64_t)found.st_size;
  }
  if (listing) closedir(listing);
  return sum;
}

static int has_room(uint64_t growth) {
  char text[32] = "";
  if (!room[0] || !growth) return 1;
  int handle = TRUE_CALL(open64)(room, O_RDONLY | O_CLOEXEC);
  if (handle < 0) return 1;
  ssize_t got = read(handle, text, sizeof text - 1);
  TRUE_CALL(close)(handle);
  return got <= 0 || held_in(root) + growth <= strtoull(text, NULL, 10);
}

/* With the gate held, before a change: 0 to go on, or the error the program gets instead. `takes` says whether it needs
 * room, `growth` by how much the directory grows. */
static int refused(const char *path, int takes, uint64_t growth) {
  int error = 0;
  changes++;
  if (fault_at && (changes == fault_at || (fault_lasts && changes > fault_at))) {
    if (fault_kill) {
      put(REFUSED, path, 0, changes, "kill", 4);
      kill(getpid(), SIGKILL);
      for (;;) pause();
    }
    if (fault_error != ENOSPC || takes) error = fault_error;
  }
  if (!error && takes && !has_room(growth)) error = ENOSPC;
  if (error) put(REFUSED, path, 0, changes, strerror(error), strlen(strerror(error)));
  return error;
}

static int fail(int error) {
  pthread_mutex_unlock(&gate);
  errno = error;
  return -1;
}

static int opened(int at, const char *path, int flags, mode_t mode) {
  char whole[PATH_MAX];
  const char *name = below(at, path, whole);
  __typeof__(&openat64) call = TRUE_CALL(openat64);
  int noted = root_len && notes[0] && path && !strcmp(path, notes);
  if (!name && !noted) return call(at, path, flags, mode);
  pthread_mutex_lock(&gate);
  struct stat64 before;
  int existed = !fstatat64(at, path, &before, 0), changed = (flags & O_CREAT && !existed) || flags & O_TRUNC;
  int error = name && changed ? refused(name, !existed, 0) : 0;
  if (error) return fail(error);
  int handle = call(at, path, flags, mode);
  if (handle >= 0 && handle < HANDLES) {
    free(followed[handle]);
    followed[handle] = name ? strdup(name) : NULL;
    is_notes[handle] = noted;
    if (name && flags & O_CREAT && !existed) put(CREATE, name, inode_of(handle), 0, NULL, 0);
    else if (name && flags & O_TRUNC) put(TRUNCATE, name, inode_of(handle), 0, NULL, 0);
  }
  pthread_mutex_unlock(&gate);
  return handle;
}

#define MODE(flags) \
  mode_t mode = 0; \
  if (flags & O_CREAT) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opened(at, path, flags, mode); }

int close(int handle) {
  if (path_of(handle) || (handle >= 0 && handle < HANDLES && is_notes[handle])) {
    pthread_mutex_lock(&gate);
    free(followed[handle]);
    followed[handle] = NULL;
    is_notes[handle] = 0;
    pthread_mutex_unlock(&gate);
  }
  return TRUE_CALL(close)(handle);
}

static ssize_t written(int handle, const void *data, size_t len, off64_t offset, int placed) {
  const char *path = path_of(handle);
  int noted = handle >= 0 && handle < HANDLES && is_notes[handle];
  if (!path && !noted) {
    return placed ? TRUE_CALL(pwrite64)(handle, data, len, offset) : TRUE_CALL(write)(handle, data, len);
  }
  pthread_mutex_lock(&gate);
  struct stat64 now;
  fstat64(handle, &now);
  if (!placed) offset = fcntl(handle, F_GETFL) & O_APPEND ? now.st_size : lseek64(handle, 0, SEEK_CUR);
  uint64_t end = offset + len, growth = end > (uint64_t)now.st_size ? end - now.st_size : 0;
  int error = path ? refused(path, 1, growth) : 0;
  if (error) return fail(error);
  ssize_t done = placed ? TRUE_CALL(pwrite64)(handle, data, len, offset) : TRUE_CALL(write)(handle, data, len);
  if (done > 0) put(path ? WRITE : NOTE, path ? path : "", now.st_ino, offset, data, done);
  pthread_mutex_unlock(&gate);
  return done;
}

ssize_t write(int handle, const void *data, size_t len) { return written(handle, data, len, 0, 0); }
ssize_t pwrite(int handle, const void *data, size_t len, off_t offset) { return written(handle, data, len, offset, 1); }
ssize_t pwrite64(int handle, const void *data, size_t len, off64_t offset) { return written(handle, data, len, offset, 1); }

static int resized(int handle, off64_t size) {
  const char *path = path_of(handle);
  if (!path) return TRUE_CALL(ftruncate64)(handle, size);
  pthread_mutex_lock(&gate);
  struct stat64 now;
  fstat64(handle, &now);
  int error = refused(path, size > now.st_size, size > now.st_size ? size - now.st_size : 0);
  if (error) return fail(error);
  int done = TRUE_CALL(ftruncate64)(handle, size);
  if (!done) put(TRUNCATE, path, now.st_ino, size, NULL, 0);
  pthread_mutex_unlock(&gate);
  return done;
}

int ftruncate(int handle, off_t size) { return resized(handle, size); }
int ftruncate64(int handle, off64_t size) { return resized(handle, size); }

/* Growing a file with room set aside for it; answers the error instead of setting errno. */
static int reserved(int handle, off64_t offset, off64_t len) {
  const char *path = path_of(handle);
  if (!path) return TRUE_CALL(posix_fallocate64)(handle, offset, len);
  pthread_mutex_lock(&gate);
  struct stat64 now;
  fstat64(handle, &now);
  int grows = offset + len > now.st_size;
  int error = refused(path, grows, grows ? offset + len - now.st_size : 0);
  if (!error) error = TRUE_CALL(posix_fallocate64)(handle, offset, len);
  if (!error && grows) put(TRUNCATE, path, now.st_ino, offset + len, NULL, 0);
  pthread_mutex_unlock(&gate);
  return error;
}

int posix_fallocate(int handle, off_t offset, off_t len) { return reserved(handle, offset, len); }
int posix_fallocate64(int handle, off64_t offset, off64_t len) { return reserved(handle, offset, len); }

static int synced(int handle, int (*call)(int)) {
  const char *path = path_of(handle);
  if (!path) return call(handle);
  pthread_mutex_lock(&gate);
  struct stat64 now;
  fstat64(handle, &now);
  int error = refused(path, 0, 0);
  if (error) return fail(error);
  int done = call(handle);
  if (!done) put(S_ISDIR(now.st_mode) ? SYNC_DIR : SYNC, path, now.st_ino, 0, NULL, 0);
  pthread_mutex_unlock(&gate);
  return done;
}

int fsync(int handle) { return synced(handle, TRUE_CALL(fsync)); }
int fdatasync(int handle) { return synced(handle, TRUE_CALL(fdatasync)); }

static int removed(int at, const char *path, int flags) {
  char whole[PATH_MAX];
  const char *name = below(at, path, whole);
  if (!name) return TRUE_CALL(unlinkat)(at, path, flags);
  pthread_mutex_lock(&gate);
  int error = refused(name, 0, 0);
  if (error) return fail(error);
  int done = TRUE_CALL(unlinkat)(at, path, flags), why = errno;
  if (!done) put(UNLINK, name, 0, 0, NULL, 0);
  pthread_mutex_unlock(&gate);
  errno = why;
  return done;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return removed(at, path, flags); }

static int renamed(int from_at, const char *from, int to_at, const char *to) {
  char one[PATH_MAX], two[PATH_MAX];
  const char *old = below(from_at, from, one), *name = below(to_at, to, two);
  if (!old || !name) return TRUE_CALL(renameat)(from_at, from, to_at, to);
  pthread_mutex_lock(&gate);
  int error = refused(old, 1, 0);
  if (error) return fail(error);
  int done = TRUE_CALL(renameat)(from_at, from, to_at, to);
  if (!done) put(RENAME, old, 0, 0, name, strlen(name));
  pthread_mutex_unlock(&gate);
  return done;
}

int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return renamed(from_at, from, to_at, to); }

static int made(int at, const char *path, mode_t mode) {
  char whole[PATH_MAX];
  const char *name = below(at, path, whole);
  if (!name || !name[0]) return TRUE_CALL(mkdirat)(at, path, mode);
  pthread_mutex_lock(&gate);
  int error = refused(name, 1, 0);
  if (error) return fail(error);
  int done = TRUE_CALL(mkdirat)(at, path, mode), why = errno;
  if (!done) put(MKDIR, name, 0, 0, NULL, 0);
  pthread_mutex_unlock(&gate);
  errno = why;
  return done;
}

int mkdir(const char *path, mode_t mode) { return made(AT_FDCWD, path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return made(at, path, mode); }
