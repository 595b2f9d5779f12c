using Tollgate.Inference.Fairness;

namespace Tollgate.Inference.Encoders;

/// <summary>
/// What a request wants of an encoder. The engine calls it on its own threads: <see cref="Encode"/> once, then <see cref="Read"/> and
/// <see cref="Count"/>, for different rows also at the same time.
/// </summary>
internal interface IEncoderRequest
{
    Party Party { get; }

    /// <summary>Characters that <see cref="Encode"/> cuts into ids, or ids that it copies.</summary>
    long Size { get; }

    /// <summary>Cuts the texts into rows and checks them, as part of a turn at the model: cutting takes time too. Null when the request
    /// may not run; nothing is computed for it then. An exception ends the request with it.</summary>
    IReadOnlyList<EncoderRow>? Encode();

    /// <summary>Receives what the graph computed for a row, see <see cref="EncoderReader"/>. Called again for a row of a run that failed
    /// and was repeated. An exception ends the request with it.</summary>
    void Read(int row, ReadOnlySpan<float> output);

    /// <summary>Counts tokens of rows and of pieces that are computed, padding left out.</summary>
    void Count(int tokens);

    /// <summary>Further work when all rows are read, beside the engine's graph: each element is computed in a turn of its own, in short,
    /// and gives the tokens to charge. Null for none. An exception ends the request with it.</summary>
    IEnumerable<int>? Pieces => null;
}

/// <summary>How a request at an encoder ended.</summary>
internal enum EncoderOutcome
{
    /// <summary>All rows are computed.</summary>
    Done = 0,

    /// <summary><see cref="IEncoderRequest.Encode"/> gave no rows.</summary>
    Refused,

    /// <summary>The line is full; the request had no place in it.</summary>
    QueueFull,

    /// <summary>It waited too long, or its place was given to another organization's request; nothing was computed.</summary>
    Displaced,
}
