using System.Diagnostics.CodeAnalysis;
using Tollgate.Contracts.Learning;

namespace Tollgate.Contracts.OpenAi;

/// <summary><c>POST /v1/fine_tuning/jobs</c>: a model to be trained.</summary>
public sealed record FineTuningJobRequest
{
    /// <summary>Most characters of <c>suffix</c>, as at OpenAI.</summary>
    public const int LongestSuffix = 64;

    /// <summary>Largest <c>seed</c>, as at OpenAI.</summary>
    public const long MostSeed = int.MaxValue;

    /// <summary>Most of <c>budget.trained_tokens</c> and <c>checkpoint_every</c>.</summary>
    public const long MostTokens = 1_000_000_000_000;

    /// <summary>Most steps between two checkpoints.</summary>
    public const int MostSteps = 1_000_000;

    /// <summary>Least and most of <c>validation_share</c>.</summary>
    public const double LeastShare = 0.01;

    public const double MostShare = 0.9;

    /// <summary>Most of <c>budget.usd</c>.</summary>
    public const double MostUsd = 1_000_000;

    /// <summary>Least of <c>budget.usd</c>.</summary>
    public const double LeastUsd = 0.000_001;

    /// <summary>Name of a base model, or <see cref="TrainedModels.FromNothing"/>.</summary>
    public required string Model { get; init; }

    /// <summary>A file of purpose <c>fine-tune</c>.</summary>
    public required string TrainingFile { get; init; }

    public string? ValidationFile { get; init; }

    /// <summary>One of <see cref="TrainingChoice.Methods"/>.</summary>
    public string Method { get; init; } = TrainingChoice.Supervised;

    public TrainingHyperparameters Hyperparameters { get; init; } = new(null, null, null);

    /// <summary>0 to <see cref="MostSeed"/>; null when the client gives none.</summary>
    public long? Seed { get; init; }

    /// <summary>Lower case, letters, digits and hyphens; null when the client gives none.</summary>
    public string? Suffix { get; init; }

    /// <summary>At most 16 pairs; null when the client gives none.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Metadata { get; init; }

    /// <summary>Part of the training file that is held out where there is no validation file; null leaves it to the trainer.</summary>
    public double? ValidationShare { get; init; }

    /// <summary>Null leaves it to the method.</summary>
    public bool? EarlyStopping { get; init; }

    public bool BalanceLabels { get; init; }

    public bool Int8 { get; init; }

    /// <summary>Most trained tokens; null for no limit.</summary>
    public long? TokenBudget { get; init; }

    /// <summary>Most US dollars; null for no limit.</summary>
    public decimal? UsdBudget { get; init; }

    /// <summary>Steps from one checkpoint to the next; null leaves it to the trainer.</summary>
    public int? CheckpointEvery { get; init; }

    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    internal static MemberNames BudgetMembers { get; } = new("trained_tokens", "usd");

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out FineTuningJobRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<FineTuningJobRequest>
    {
        private string? _model;
        private string? _training;
        private string? _validation;
        private string? _method;
        private TrainingHyperparameters? _ofMethod;
        private TrainingHyperparameters? _numbers;
        private long? _seed;
        private string? _suffix;
        private List<KeyValuePair<string, string>>? _metadata;
        private double? _share;
        private bool? _stops;
        private bool _balances;
        private bool _int8;
        private (long? Tokens, decimal? Usd) _budget;
        private int? _every;

        public static MemberNames Names { get; } = new(
            "model", "training_file", "validation_file", "hyperparameters", "method", "seed", "suffix", "metadata", "integrations",
            "validation_share", "early_stopping", "balance_labels", "int8", "budget", "checkpoint_every");

        public readonly int ObjectStart
        {
            set { }
        }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // Null counts as absent.
        }

        public bool Read(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "model":
                    return ReadText(ref reader, "the name of a model", out _model)
                        && (_model!.Length <= SharedMembers.LongestModel || reader.FailValue("the name of a model"));
                case "training_file":
                    return ReadText(ref reader, "the id of a file", out _training);
                case "validation_file":
                    return ReadText(ref reader, "the id of a file", out _validation);
                case "hyperparameters":
                    return TrainingChoice.ReadNumbers(ref reader, out _numbers);
                case "method":
                    return TrainingChoice.ReadMethod(ref reader, out _method, out _ofMethod);
                case "suffix":
                    return ReadSuffix(ref reader);
                case "metadata":
                    return RequestMetadata.Read(ref reader, _metadata = []);
                case "integrations":
                    return ReadIntegrations(ref reader);
                case "budget":
                    return ReadBudget(ref reader);
                default:
                    return ReadNumber(ref reader, name);
            }
        }

        public readonly FineTuningJobRequest? Finish(ref RequestReader reader)
        {
            if ((_model is null ? "model" : _training is null ? "training_file" : null) is { } missing)
            {
                reader.FailMissing(missing);
                return null;
            }

            if (FindConflict() is { } conflict)
            {
                reader.Fail(conflict);
                return null;
            }

            return new FineTuningJobRequest
            {
                Model = _model!,
                TrainingFile = _training!,
                ValidationFile = _validation,
                Method = _method ?? (_model == TrainedModels.FromNothing ? TrainedModels.FromNothing : TrainingChoice.Supervised),
                Hyperparameters = _ofMethod ?? _numbers ?? new TrainingHyperparameters(null, null, null),
                Seed = _seed,
                Suffix = _suffix,
                Metadata = _metadata,
                ValidationShare = _share,
                EarlyStopping = _stops,
                BalanceLabels = _balances,
                Int8 = _int8,
                TokenBudget = _budget.Tokens,
                UsdBudget = _budget.Usd,
                CheckpointEvery = _every,
            };
        }

        private static bool ReadText(ref RequestReader reader, string expected, out string? text)
        {
            var read = reader.ReadString(out var value);
            text = value;
            return read && (value.Length > 0 || reader.FailValue(expected));
        }

        private readonly OpenAiError? FindConflict() =>
            _ofMethod is not null && _numbers is not null
                ? OpenAiError.InvalidValue("hyperparameters", "no hyperparameters beside those of 'method'")
            : _validation is not null && _share is not null
                ? OpenAiError.InvalidValue("validation_share", "no share beside a validation file")
            : _model == TrainedModels.FromNothing && _method is "head" or "encoder"
                ? OpenAiError.InvalidValue("method.type", "'lstm' or 'supervised' for the model 'lstm'", $"'{_method}'")
            : null;

        private bool ReadSuffix(ref RequestReader reader)
        {
            if (!reader.ReadString(out var text))
            {
                return false;
            }

            _suffix = text.ToLowerInvariant();
            return (_suffix.Length is > 0 and <= LongestSuffix
                    && _suffix.All(sign => sign is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-'))
                || reader.FailValue($"1 to {LongestSuffix} letters (a to z), digits and hyphens");
        }

        private static bool ReadIntegrations(ref RequestReader reader)
        {
            if (!reader.EnterArray())
            {
                return false;
            }

            return !reader.NextElement()
                ? reader.Error is null
                : reader.Fail(OpenAiError.UnsupportedParameter(
                    "integrations", "is not supported here: there is no wandb. Leave it out, and read the job's events"));
        }

        private bool ReadBudget(ref RequestReader reader)
        {
            if (!reader.EnterObject())
            {
                return false;
            }

            var seen = UInt128.Zero;
            while (reader.NextMember(BudgetMembers, ref seen, out var name))
            {
                if (reader.IsNull)
                {
                    continue;
                }

                if (name == "usd")
                {
                    if (!reader.ReadNumber(LeastUsd, MostUsd, out var usd))
                    {
                        return false;
                    }

                    _budget.Usd = (decimal)usd;
                }
                else if (!reader.ReadInteger(1, MostTokens, out var tokens))
                {
                    return false;
                }
                else
                {
                    _budget.Tokens = tokens;
                }
            }

            return reader.Error is null;
        }

        private bool ReadNumber(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "seed":
                    var isSeed = reader.ReadInteger(0, MostSeed, out var seed);
                    _seed = seed;
                    return isSeed;
                case "validation_share":
                    var isShare = reader.ReadNumber(LeastShare, MostShare, out var share);
                    _share = share;
                    return isShare;
                case "checkpoint_every":
                    var isCount = reader.ReadInteger(1, MostSteps, out var steps);
                    _every = (int)steps;
                    return isCount;
                case "early_stopping":
                    var isChoice = reader.ReadBoolean(out var stops);
                    _stops = stops;
                    return isChoice;
                case "balance_labels":
                    return reader.ReadBoolean(out _balances);
                default:
                    return reader.ReadBoolean(out _int8);
            }
        }
    }
}
