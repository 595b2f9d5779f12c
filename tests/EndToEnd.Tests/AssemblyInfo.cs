// The tests share two cores and one running system; timings and "nothing runs now" hold only one test at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
