using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Endpoints;

/// <summary>Body of <c>POST /v1/fine_tuning/federated</c>. A member with the value null counts as absent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FederatedRequestBody(
    [property: JsonPropertyName("base_model"), Description("The frozen encoder, of which each participant has the folder.")]
    FederatedBaseBody BaseModel,
    [property: JsonPropertyName("labels"), MinLength(2), MaxLength(100), Description("Each once.")] IReadOnlyList<string> Labels,
    [property: JsonPropertyName("participants"), MinLength(3), MaxLength(255), Description("Each name and each key once.")]
    IReadOnlyList<FederatedParticipantBody> Participants,
    [property: JsonPropertyName("minimum"), Range(3, 255),
        Description("Fewest participants of a sum; more than half of them. As many participants together can open a single update.")]
    int Minimum)
{
    [JsonPropertyName("rounds"), Range(1, 200), Description("Default 10.")]
    public int? Rounds { get; init; }

    [JsonPropertyName("clip_norm"), Range(0.001, 1000.0), Description("Largest norm of an update. Default 2.")]
    public double? ClipNorm { get; init; }

    [JsonPropertyName("noise_multiplier"), Range(0.0, 100.0),
        Description("Deviation of the noise in each sum, in largest norms. Default 0: no noise, and no epsilon.")]
    public double? NoiseMultiplier { get; init; }

    [JsonPropertyName("delta"), Range(1e-12, 0.1), Description("For which epsilon is stated. Default 0.00001.")]
    public double? Delta { get; init; }

    [JsonPropertyName("hyperparameters"), Description("How each participant trains in a round.")]
    public FederatedNumbersBody? Hyperparameters { get; init; }

    [JsonPropertyName("evaluation_rows"), Range(0, 10_000),
        Description("Most held-out rows that each participant counts after the last round. Default 200; 0 for no evaluation.")]
    public int? EvaluationRows { get; init; }

    [JsonPropertyName("phase_seconds"), Range(1, 86_400), Description("How long each of a round's four steps waits. Default 600.")]
    public int? PhaseSeconds { get; init; }

    [JsonPropertyName("join_seconds"), Range(1, 2_592_000), Description("How long the first round waits. Default 86,400.")]
    public int? JoinSeconds { get; init; }

    [JsonPropertyName("attempts"), Range(1, 10), Description("How often one round may begin. Default 3.")]
    public int? Attempts { get; init; }
}

/// <summary>A frozen encoder.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FederatedBaseBody(
    [property: JsonPropertyName("name"), MinLength(1), MaxLength(64)] string Name,
    [property: JsonPropertyName("sha256"), RegularExpression("^[0-9a-f]{64}$"), Description("Of the installed graph file.")] string Sha256,
    [property: JsonPropertyName("width"), Range(1, 8_191), Description("Numbers of a text's vector.")] int Width);

/// <summary>Somebody who may take part.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FederatedParticipantBody(
    [property: JsonPropertyName("name"), MinLength(1), MaxLength(64)] string Name,
    [property: JsonPropertyName("public_key"), Description("As 'tollgate-federated keys' prints it.")] string PublicKey);

/// <summary>Numbers of a participant's training.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FederatedNumbersBody
{
    [JsonPropertyName("n_epochs"), Range(1, 1_000), Description("Default 10.")]
    public int? Epochs { get; init; }

    [JsonPropertyName("batch_size"), Range(1, 1_000), Description("Default 16.")]
    public int? BatchSize { get; init; }

    [JsonPropertyName("learning_rate"), Range(1e-6, 1.0), Description("Of Adam; falls to 0 in each round. Default 0.01.")]
    public double? LearningRate { get; init; }

    [JsonPropertyName("penalty"), Range(0.0, 10.0),
        Description("Half of it times the sum of squared weights joins the loss. Default 0.05.")]
    public double? Penalty { get; init; }

    [JsonPropertyName("max_tokens"), Range(8, 4_096), Description("Longest text; longer ones are cut. Default 256.")]
    public int? MaxTokens { get; init; }

    [JsonPropertyName("validation_share"), Range(0.01, 0.9), Description("Part of the rows that is held out. Default 0.2.")]
    public double? ValidationShare { get; init; }

    [JsonPropertyName("seed"), Description("Default 1.")]
    public long? Seed { get; init; }
}

/// <summary>What all participants agree on. It never changes.</summary>
public sealed record FederatedTaskBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("base_model")] FederatedBaseBody BaseModel,
    [property: JsonPropertyName("labels"), Description("In ordinal order.")] IReadOnlyList<string> Labels,
    [property: JsonPropertyName("rounds")] int Rounds,
    [property: JsonPropertyName("minimum")] int Minimum,
    [property: JsonPropertyName("privacy")] FederatedPrivacyBody Privacy,
    [property: JsonPropertyName("training")] FederatedTrainingBody Training,
    [property: JsonPropertyName("evaluation_rows")] int EvaluationRows,
    [property: JsonPropertyName("phase_seconds")] int PhaseSeconds,
    [property: JsonPropertyName("attempts")] int Attempts)
{
    [JsonPropertyName("participants"), Description("Number n stands at n − 1.")]
    public required IReadOnlyList<FederatedParticipantBody> Participants { get; init; }
}

/// <summary>What protects one participant's numbers in the sum.</summary>
public sealed record FederatedPrivacyBody(
    [property: JsonPropertyName("clip_norm")] double ClipNorm,
    [property: JsonPropertyName("noise_multiplier")] double NoiseMultiplier,
    [property: JsonPropertyName("delta")] double Delta);

/// <summary>How each participant trains.</summary>
public sealed record FederatedTrainingBody(
    [property: JsonPropertyName("epochs")] int Epochs,
    [property: JsonPropertyName("batch_size")] int BatchSize,
    [property: JsonPropertyName("learning_rate")] double LearningRate,
    [property: JsonPropertyName("penalty")] double Penalty,
    [property: JsonPropertyName("most_tokens")] int MostTokens,
    [property: JsonPropertyName("validation_share")] double ValidationShare,
    [property: JsonPropertyName("seed")] long Seed);

/// <summary>A federated training.</summary>
public sealed record FederatedJobBody(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.federated_job")] string Object,
    [property: JsonPropertyName("status"), OneOfTexts("waiting", "running", "succeeded", "failed", "cancelled")] string Status,
    [property: JsonPropertyName("error"), Description("Why it failed.")] FederatedErrorBody? Error)
{
    [JsonPropertyName("created_at"), Description("Unix seconds, as all times.")]
    public required long CreatedAt { get; init; }

    [JsonPropertyName("started_at"), Description("When the first round began.")]
    public required long? StartedAt { get; init; }

    [JsonPropertyName("finished_at")]
    public required long? FinishedAt { get; init; }

    [JsonPropertyName("task")]
    public required FederatedTaskBody Task { get; init; }

    [JsonPropertyName("task_sha256"), Description("Tell it to the participants over another way: their kits show it.")]
    public required string TaskSha256 { get; init; }

    [JsonPropertyName("round"), Description("0 before the first one. After the rounds of training one evaluates.")]
    public required int Round { get; init; }

    [JsonPropertyName("attempt")]
    public required int Attempt { get; init; }

    [JsonPropertyName("phase"), OneOfTexts("join", "keys", "shares", "masked", "unmask"), Description("Null when all has ended.")]
    public required string? Phase { get; init; }

    [JsonPropertyName("phase_ends_at")]
    public required long? PhaseEndsAt { get; init; }

    [JsonPropertyName("participants"), Description("Empty in lists.")]
    public required IReadOnlyList<FederatedParticipantStateBody> Participants { get; init; }

    [JsonPropertyName("ended_rounds"), Description("Empty in lists.")]
    public required IReadOnlyList<FederatedEndedRoundBody> EndedRounds { get; init; }

    [JsonPropertyName("epsilon"), Description("Of the sums so far, for the task's delta; null without noise.")]
    public required double? Epsilon { get; init; }

    [JsonPropertyName("evaluation"), Description("Null before it, and without one.")]
    public required FederatedEvaluationBody? Evaluation { get; init; }
}

/// <summary>Why a training failed.</summary>
public sealed record FederatedErrorBody(
    [property: JsonPropertyName("code"),
        OneOfTexts("too_few_participants", "too_few_unmasked", "shares_inconsistent", "sum_out_of_range")]
    string Code,
    [property: JsonPropertyName("message")] string Message);

/// <summary>A participant.</summary>
public sealed record FederatedParticipantStateBody(
    [property: JsonPropertyName("number")] int Number,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("key_sha256")] string KeySha256,
    [property: JsonPropertyName("joined_at")] long? JoinedAt,
    [property: JsonPropertyName("is_absent"), Description("It did not answer in time, and not since.")] bool IsAbsent);

/// <summary>A round that ended with a sum.</summary>
public sealed record FederatedEndedRoundBody(
    [property: JsonPropertyName("round")] int Round,
    [property: JsonPropertyName("attempts")] int Attempts,
    [property: JsonPropertyName("members"), Description("Numbers of those who are in the sum.")] IReadOnlyList<int> Members);

/// <summary>Held-out rows of all participants of the evaluation together.</summary>
public sealed record FederatedEvaluationBody(
    [property: JsonPropertyName("rows")] double Rows,
    [property: JsonPropertyName("accuracy")] double Accuracy,
    [property: JsonPropertyName("macro_f1")] double MacroF1,
    [property: JsonPropertyName("counts"), Description("By label, then by answer.")] IReadOnlyList<IReadOnlyList<double>> Counts);

/// <summary>Answer of <c>GET /v1/fine_tuning/federated</c>.</summary>
public sealed record FederatedListBody(
    [property: JsonPropertyName("object"), OneOfTexts("list")] string Object,
    [property: JsonPropertyName("data")] IReadOnlyList<FederatedJobBody> Data,
    [property: JsonPropertyName("first_id")] string? FirstId,
    [property: JsonPropertyName("last_id"), Description("What after takes for the next page.")] string? LastId,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>What a training has made.</summary>
public sealed record FederatedResultBody(
    [property: JsonPropertyName("task")] FederatedTaskBody Task,
    [property: JsonPropertyName("weights"), Description("Base64 of float64, little-endian: weights by label, then biases.")] string Weights,
    [property: JsonPropertyName("noisy_sums")] int NoisySums)
{
    [JsonPropertyName("evaluation"), Description("Absent without one.")]
    public FederatedEvaluationBody? Evaluation { get; init; }

    [JsonPropertyName("epsilon"), Description("Absent without noise.")]
    public double? Epsilon { get; init; }
}

/// <summary>Where a training is, as a participant sees it.</summary>
public sealed record FederatedRoundBody(
    [property: JsonPropertyName("status"), OneOfTexts("waiting", "running", "succeeded", "failed", "cancelled")] string Status,
    [property: JsonPropertyName("task")] FederatedTaskBody Task,
    [property: JsonPropertyName("round")] int Round,
    [property: JsonPropertyName("attempt")] int Attempt,
    [property: JsonPropertyName("phase"), OneOfTexts("join", "keys", "shares", "masked", "unmask")] string Phase,
    [property: JsonPropertyName("is_done"), Description("Whether nothing is expected of the participant now.")] bool IsDone,
    [property: JsonPropertyName("has_joined")] bool HasJoined)
{
    [JsonPropertyName("error")]
    public string? Error { get; init; }

    [JsonPropertyName("phase_ends_at")]
    public long? PhaseEndsAt { get; init; }

    [JsonPropertyName("weights"), Description("In the phase keys: the layer before the round, as in the result.")]
    public string? Weights { get; init; }

    [JsonPropertyName("keys"), Description("In the phase shares: the keys of all members.")]
    public IReadOnlyList<FederatedMessageBody>? Keys { get; init; }

    [JsonPropertyName("shares"), Description("In the phase masked: shares that are sealed for the participant.")]
    public IReadOnlyList<FederatedShareBody>? Shares { get; init; }

    [JsonPropertyName("masked"), Description("In the phase unmask: numbers of those whose vectors have arrived.")]
    public IReadOnlyList<int>? Masked { get; init; }
}

/// <summary>Shares of a member's secrets.</summary>
public sealed record FederatedShareBody(
    [property: JsonPropertyName("from")] int From, [property: JsonPropertyName("payload"), Description("Base64.")] string Payload);

/// <summary>A participant's message.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record FederatedMessageBody(
    [property: JsonPropertyName("participant"), Range(1, 1_000)] int Participant,
    [property: JsonPropertyName("round"), Range(0, 1_000), Description("0 to join.")] int Round,
    [property: JsonPropertyName("attempt"), Range(0, 1_000), Description("0 to join.")] int Attempt,
    [property: JsonPropertyName("phase"), OneOfTexts("join", "keys", "shares", "masked", "unmask")] string Phase,
    [property: JsonPropertyName("payload"), Description("Base64; docs/federated.md states the bytes of each phase.")] string Payload,
    [property: JsonPropertyName("signature"), Description("Base64 of 64 bytes: ECDSA of P-256 over SHA-256.")] string Signature);

/// <summary>The answer to a message.</summary>
public sealed record FederatedTakenBody(
    [property: JsonPropertyName("object"), OneOfTexts("fine_tuning.federated_message")] string Object,
    [property: JsonPropertyName("taken")] bool Taken);
