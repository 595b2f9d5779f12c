using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Decoders;

/// <summary>The input of a decoder's graph that says whose logits are wanted.</summary>
internal static class TakenPositions
{
    public const string Name = "taken";

    /// <summary>False for a graph of an earlier version, which gives the logits after the last position of each row.</summary>
    public static bool AreInputOf(InferenceSession session) => session.InputMetadata.ContainsKey(Name);
}
