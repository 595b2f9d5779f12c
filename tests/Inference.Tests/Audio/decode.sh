#!/bin/sh
# Stands in for ffmpeg: runs the file after -i as a script, whose output is taken for samples.
PATH=/usr/bin:/bin
while [ "$1" != -i ]; do shift; done
. "$2"
