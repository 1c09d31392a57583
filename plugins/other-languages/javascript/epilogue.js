
// What the terminal calls.
var exported = {
    describe: describe,
    start: fallible(start),
    resume: fallible(resume),
    decide: decide,
    wait: wait,
    read: fallible(read)
};
