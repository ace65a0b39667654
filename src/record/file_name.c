#include "record/file_name.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_NUMBERED = 99, /* then creating the file fails, and says why */
};

void recording_name_by_time(char name[static RECORDING_NAME_SIZE])
{
    char moment[RECORDING_NAME_SIZE / 2];
    time_t now = time(NULL);
    struct tm local;

    localtime_r(&now, &local);
    strftime(moment, sizeof(moment), "%Y%m%d-%H%M%S", &local);
    snprintf(name, RECORDING_NAME_SIZE, "pyneck-%s.db", moment);
    for (int number = 2; number <= MOST_NUMBERED && access(name, F_OK) == 0; number++)
        snprintf(name, RECORDING_NAME_SIZE, "pyneck-%s-%d.db", moment, number);
}
