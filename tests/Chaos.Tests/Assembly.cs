// Two clusters at once would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
