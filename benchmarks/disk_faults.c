/* Faults of a disk, for full_disk.py: a library for LD_PRELOAD that fails, kills or records what is done to files.
 *
 * disk_faults_arm says below which folder, and from which operation on. Until then, and elsewhere, nothing is changed.
 * Each operation goes to the log as a line "NAME OFFSET LENGTH-OF-PATH LENGTH-OF-SECOND-PATH LENGTH-OF-DATA", the two
 * paths and the data. What C's own stdio writes (fwrite) and what is written through mmap is not seen.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NONE, FULL, KILL };

static char below[PATH_MAX];
static int fault = NONE, log_to = -1, armed;
static long left; /* operations until the fault */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void disk_faults_arm(const char *folder, int what, long nth, int log) {
    snprintf(below, sizeof below, "%s/", folder);
    fault = what, left = nth, log_to = log, armed = 1;
}

/* Whether a path is below the folder. */
static int is_watched(const char *path) { return armed && !strncmp(path, below, strlen(below)); }

/* Write the path of an open file. */
static int path_of(int file, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0;
}

/* Write the absolute path of a name as seen from an open folder. */
static void full_path(int folder, const char *name, char *path) {
    path[0] = 0;
    if (name[0] != '/') {
        if (folder == AT_FDCWD ? !getcwd(path, PATH_MAX) : !path_of(folder, path)) return;
        strncat(path, "/", PATH_MAX - strlen(path) - 1);
    }
    strncat(path, name, PATH_MAX - strlen(path) - 1);
}

static void note(const char *name, long offset, const char *path, const char *second, const void *data, size_t size) {
    if (log_to < 0) return;
    char head[160];
    int length = snprintf(head, sizeof head, "%s %ld %zu %zu %zu\n", name, offset, strlen(path), strlen(second), size);
    struct iovec parts[] = {{head, length}, {(void *)path, strlen(path)}, {(void *)second, strlen(second)}, {(void *)data, size}};
    for (int i = 0; i < 4; i++)
        for (size_t done = 0; done < parts[i].iov_len;) {
            long wrote = syscall(SYS_write, log_to, (char *)parts[i].iov_base + done, parts[i].iov_len - done);
            if (wrote <= 0) _exit(99);
            done += wrote;
        }
}

/* Count an operation; return 1 if it is the first that fails, 2 for those after it on a full disk, else 0. */
static int due(int takes_space) {
    if (fault == NONE || (fault == FULL && !takes_space)) return 0;
    left--;
    return left == 0 ? 1 : left < 0 ? 2 : 0;
}

/* Fail an operation that is due: a full disk stays full, a kill comes before anything is done. */
static int fails(int takes_space) {
    int now = due(takes_space);
    if (now && fault == KILL) raise(SIGKILL);
    if (now) errno = ENOSPC;
    return now;
}

static ssize_t write_at(int file, const void *data, size_t size, off_t offset, int positioned) {
    char path[PATH_MAX];
    if (!armed || !path_of(file, path) || !is_watched(path))
        return positioned ? syscall(SYS_pwrite64, file, data, size, offset) : syscall(SYS_write, file, data, size);
    pthread_mutex_lock(&lock);
    int now = due(1);
    if (now == 2 || (now && fault == FULL && size < 2)) {
        pthread_mutex_unlock(&lock);
        errno = ENOSPC;
        return -1;
    }
    if (now) size /= 2; /* half of it still fits, or is still written */
    struct stat status;
    if (!positioned)
        offset = fcntl(file, F_GETFL) & O_APPEND && !fstat(file, &status) ? status.st_size : lseek(file, 0, SEEK_CUR);
    ssize_t wrote = positioned ? syscall(SYS_pwrite64, file, data, size, offset) : syscall(SYS_write, file, data, size);
    if (wrote >= 0) note("write", offset, path, "", data, wrote);
    if (now && fault == KILL) raise(SIGKILL);
    pthread_mutex_unlock(&lock);
    return wrote;
}

ssize_t write(int file, const void *data, size_t size) { return write_at(file, data, size, 0, 0); }
ssize_t pwrite(int file, const void *data, size_t size, off_t offset) { return write_at(file, data, size, offset, 1); }
ssize_t pwrite64(int file, const void *data, size_t size, off_t offset) { return write_at(file, data, size, offset, 1); }

ssize_t writev(int file, const struct iovec *parts, int count) {
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t wrote = write(file, parts[i].iov_base, parts[i].iov_len);
        if (wrote < 0) return total ? total : -1;
        total += wrote;
        if ((size_t)wrote < parts[i].iov_len) break;
    }
    return total;
}

static int open_at(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    full_path(folder, name, path);
    if (!is_watched(path) || !(flags & (O_CREAT | O_TRUNC))) return syscall(SYS_openat, folder, name, flags, mode);
    int was_there = !syscall(SYS_faccessat, folder, name, F_OK);
    int creates = flags & O_CREAT && !was_there, truncates = flags & O_TRUNC && was_there;
    if ((creates || truncates) && fails(creates)) return -1;
    int file = syscall(SYS_openat, folder, name, flags, mode);
    if (file >= 0 && creates) note("create", 0, path, "", "", 0);
    if (file >= 0 && truncates) note("truncate", 0, path, "", "", 0);
    return file;
}

#define MODE(flags, last) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, last); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }
int open(const char *name, int flags, ...) { MODE(flags, flags) return open_at(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags, flags) return open_at(AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE(flags, flags) return open_at(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE(flags, flags) return open_at(folder, name, flags, mode); }

int ftruncate(int file, off_t size) {
    char path[PATH_MAX];
    int watched = armed && path_of(file, path) && is_watched(path);
    if (watched && fails(0)) return -1;
    int result = syscall(SYS_ftruncate, file, size);
    if (watched && !result) note("truncate", size, path, "", "", 0);
    return result;
}
int ftruncate64(int file, off_t size) { return ftruncate(file, size); }

static int sync_file(int file, int call) {
    char path[PATH_MAX];
    int watched = armed && path_of(file, path) && is_watched(path);
    if (watched && fails(1)) return -1;
    int result = syscall(call, file);
    if (watched && !result) note("fsync", 0, path, "", "", 0);
    return result;
}
int fsync(int file) { return sync_file(file, SYS_fsync); }
int fdatasync(int file) { return sync_file(file, SYS_fdatasync); }

int renameat(int from, const char *old, int to, const char *new) {
    char path[PATH_MAX], second[PATH_MAX];
    full_path(from, old, path), full_path(to, new, second);
    int watched = is_watched(path) || is_watched(second);
    if (watched && fails(0)) return -1;
    int result = syscall(SYS_renameat, from, old, to, new);
    if (watched && !result) note("rename", 0, path, second, "", 0);
    return result;
}
int rename(const char *old, const char *new) { return renameat(AT_FDCWD, old, AT_FDCWD, new); }

int unlinkat(int folder, const char *name, int flags) {
    char path[PATH_MAX];
    full_path(folder, name, path);
    if (is_watched(path) && fails(0)) return -1;
    int result = syscall(SYS_unlinkat, folder, name, flags);
    if (is_watched(path) && !result) note("remove", 0, path, "", "", 0);
    return result;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int mkdirat(int folder, const char *name, mode_t mode) {
    char path[PATH_MAX];
    full_path(folder, name, path);
    if (is_watched(path) && fails(1)) return -1;
    int result = syscall(SYS_mkdirat, folder, name, mode);
    if (is_watched(path) && !result) note("mkdir", 0, path, "", "", 0);
    return result;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }
