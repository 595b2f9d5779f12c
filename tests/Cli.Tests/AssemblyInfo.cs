// One cluster at a time: its processes share the machine with the tests.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
