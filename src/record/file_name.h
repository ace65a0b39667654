/* What a recording is called that nobody has named. */
#ifndef PYNECK_RECORD_FILE_NAME_H
#define PYNECK_RECORD_FILE_NAME_H

enum {
    RECORDING_NAME_SIZE = 48,
};

/* "pyneck-DATE-TIME.db", by local time; with a number behind the time where the working directory has that already. */
void recording_name_by_time(char name[static RECORDING_NAME_SIZE]);

#endif
