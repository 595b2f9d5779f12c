namespace Tollgate.Training.Batches;

/// <summary>Weights of classes that give rare classes the influence of frequent ones.</summary>
internal static class ClassWeights
{
    /// <summary>Rows / (classes · rows of the class): the mean over the rows is 1. A class without rows gets 0.</summary>
    public static float[] Balanced(IReadOnlyList<int> labels, int classes)
    {
        var counts = new int[classes];
        foreach (var label in labels)
        {
            counts[label]++;
        }

        return Array.ConvertAll(counts, count => count == 0 ? 0 : (float)((double)labels.Count / ((double)classes * count)));
    }
}
