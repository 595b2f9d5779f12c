// Each test starts a cluster of its own; two at once would measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
