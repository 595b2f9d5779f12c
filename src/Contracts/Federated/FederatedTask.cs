using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts.Federated;

/// <summary>What everybody in a federated training agrees on before it begins. It never changes: every signature names its hash.</summary>
public sealed record FederatedTask
{
    /// <summary>Most numbers of one vector: a message then fits the service's limit for JSON.</summary>
    public const int MostNumbers = 16_384;

    public const int FewestParticipants = 3;

    /// <summary><c>fed-</c> and 32 hex digits.</summary>
    public required string Id { get; init; }

    public required FederatedBase BaseModel { get; init; }

    /// <summary>Labels by number, in ordinal order.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Rounds of training.</summary>
    public required int Rounds { get; init; }

    /// <summary>Fewest participants of a sum, and shares that open a mask; more than half of the participants.</summary>
    public required int Minimum { get; init; }

    public required FederatedPrivacy Privacy { get; init; }

    public required FederatedTraining Training { get; init; }

    /// <summary>Most held-out rows that a participant counts after the last round; 0 for no evaluation.</summary>
    public required int EvaluationRows { get; init; }

    /// <summary>How long a phase waits for messages, seconds.</summary>
    public required int PhaseSeconds { get; init; }

    /// <summary>How often one round may begin.</summary>
    public required int Attempts { get; init; }

    /// <summary>Participant number n stands at n − 1.</summary>
    public required IReadOnlyList<FederatedParticipant> Participants { get; init; }

    /// <summary>The rounds of training, and that of the evaluation where there is one.</summary>
    [JsonIgnore]
    public int LastRound => Rounds + (EvaluationRows > 0 ? 1 : 0);

    /// <summary>Numbers of the layer: weights by label, then biases.</summary>
    [JsonIgnore]
    public int LayerNumbers => Labels.Count * (BaseModel.Width + 1);

    /// <summary>Whether a round counts rows instead of training.</summary>
    public bool Evaluates(int round) => round > Rounds;

    /// <summary>Numbers of a vector of a round. An evaluation counts rows by label and answer.</summary>
    public int NumbersOf(int round) => Evaluates(round) ? Labels.Count * Labels.Count : LayerNumbers;

    /// <summary>Largest norm of one participant's vector in a round, before noise.</summary>
    public double BoundOf(int round) => Evaluates(round) ? EvaluationRows : Privacy.ClipNorm;

    /// <summary>Deviation of the noise in the sum of a round.</summary>
    public double NoiseOf(int round) => Privacy.NoiseMultiplier * BoundOf(round);

    /// <summary>SHA-256 of the task's JSON, 64 hex digits.</summary>
    public string Fingerprint() =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this, FederatedJson.Default.FederatedTask)));
}

/// <summary>The frozen encoder whose vectors the layer reads.</summary>
/// <param name="Sha256">Of the installed graph file, 64 hex digits.</param>
/// <param name="Width">Numbers of a text's vector.</param>
public sealed record FederatedBase(string Name, string Sha256, int Width);

/// <summary>What protects one participant's numbers in the sum.</summary>
/// <param name="ClipNorm">Largest norm of an update.</param>
/// <param name="NoiseMultiplier">Deviation of the sum's noise, in bounds of one participant; 0 for no noise.</param>
/// <param name="Delta">For which ε is stated.</param>
public sealed record FederatedPrivacy(double ClipNorm, double NoiseMultiplier, double Delta);

/// <summary>How each participant trains in a round.</summary>
/// <param name="Epochs">Passes over its rows.</param>
/// <param name="BatchSize">Rows of a step.</param>
/// <param name="LearningRate">Of Adam at the beginning of a round; it falls to 0 within the round.</param>
/// <param name="Penalty">Half of this times the sum of the squared weights joins the mean loss.</param>
/// <param name="MostTokens">Longest text; longer ones are cut.</param>
/// <param name="ValidationShare">Part of the rows that is held out, where there is an evaluation.</param>
/// <param name="Seed">Decides which rows are held out, their order, and how vectors are scaled.</param>
public sealed record FederatedTraining(
    int Epochs, int BatchSize, double LearningRate, double Penalty, int MostTokens, double ValidationShare, long Seed);

/// <summary>Somebody who takes part.</summary>
/// <param name="PublicKey">ECDSA on P-256, SubjectPublicKeyInfo.</param>
public sealed record FederatedParticipant(string Name, byte[] PublicKey)
{
    /// <summary>SHA-256 of the key, 64 hex digits, for people to compare.</summary>
    public string Fingerprint() => Convert.ToHexStringLower(SHA256.HashData(PublicKey));
}
