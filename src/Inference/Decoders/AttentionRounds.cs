using Microsoft.ML.OnnxRuntime;

namespace Tollgate.Inference.Decoders;

/// <summary>The names by which a step of a decoder's graph takes several new tokens of each of several rows, every token with the bits
/// that it has in a step of its own.</summary>
/// <remarks>
/// The kernel of attention takes several new tokens of one row only, and adds in another order than for one token. So the attention of such
/// a step runs in rounds, each over one token of every row; to all other operators the tokens are rows of one token each. A row with
/// fewer tokens than rounds repeats its last one, which writes the same keys and values once more. The keys and values that each round
/// gives are an output, because only an output can be bound to the memory that the round reads.
/// </remarks>
internal static class AttentionRounds
{
    /// <summary>Rounds of a step: most new tokens of a row.</summary>
    public const int Count = 8;

    /// <summary>Input, bool [1]: whether the attention runs in rounds.</summary>
    public const string Flag = "in_rounds";

    /// <summary>Input, int64 [tokens]: where each token is among the results of all rounds, round × rows + row.</summary>
    public const string Origins = "origins";

    /// <summary>Input, int64 [rows]: the token of each row that a round takes.</summary>
    public static string Places(int round) => $"places.{round}";

    /// <summary>Input, int32 [rows]: tokens of each row before the one that a round takes.</summary>
    public static string Lengths(int round) => $"lengths.{round}";

    /// <summary>Output: keys or values that a round leaves; those of the last one are the step's.</summary>
    /// <param name="part"><c>key</c> or <c>value</c>.</param>
    public static string Present(int layer, string part, int round) =>
        round == Count - 1 ? $"present.{layer}.{part}" : $"round.{round}.{layer}.{part}";

    /// <summary>False for a graph of an earlier version.</summary>
    public static bool AreInputsOf(InferenceSession session) => session.InputMetadata.ContainsKey(Flag);

    /// <summary>Binds the inputs of a step without rounds.</summary>
    /// <returns>Values that must live as long as the binding.</returns>
    public static IReadOnlyList<OrtValue> BindNone(OrtIoBinding binding)
    {
        var flag = OrtValue.CreateTensorValueFromMemory(new bool[1], [1]);
        var place = OrtValue.CreateTensorValueFromMemory(new long[1], [1]);
        var length = OrtValue.CreateTensorValueFromMemory(new int[1], [1]);
        binding.BindInput(Flag, flag);
        binding.BindInput(Origins, place);
        for (var round = 0; round < Count; round++)
        {
            binding.BindInput(Places(round), place);
            binding.BindInput(Lengths(round), length);
        }

        return [flag, place, length];
    }
}
