using Tollgate.Training.Updates;

namespace Tollgate.Training.Methods;

/// <summary>Weights that nothing has trained yet.</summary>
internal static class RandomWeights
{
    /// <summary>Numbers spread evenly between −<paramref name="bound"/> and <paramref name="bound"/>.</summary>
    public static float[] Even(SeededRandom random, long count, double bound)
    {
        var numbers = new float[count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (float)(((random.NextReal() * 2) - 1) * bound);
        }

        return numbers;
    }
}
