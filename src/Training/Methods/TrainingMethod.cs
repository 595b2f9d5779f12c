using System.Text.Json.Serialization;

namespace Tollgate.Training.Methods;

/// <summary>What of a model is trained.</summary>
public enum TrainingMethod
{
    /// <summary>One of the others, by the size of the file and the budget.</summary>
    [JsonStringEnumMemberName("supervised")]
    Supervised = 0,

    /// <summary>A linear layer over the vectors of a frozen encoder, which are computed once.</summary>
    [JsonStringEnumMemberName("head")]
    Head,

    /// <summary>A linear layer, and then all weights of the encoder with it.</summary>
    [JsonStringEnumMemberName("encoder")]
    Encoder,

    /// <summary>An LSTM with a vocabulary of its own, from nothing.</summary>
    [JsonStringEnumMemberName("lstm")]
    Lstm,
}
