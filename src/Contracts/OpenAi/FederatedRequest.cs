using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Tollgate.Contracts.Federated;

namespace Tollgate.Contracts.OpenAi;

/// <summary><c>POST /v1/fine_tuning/federated</c>: a training on data that stays with its owners.</summary>
public sealed record FederatedRequest
{
    /// <summary>Longest that a training waits for its participants: 30 days.</summary>
    public const int MostJoinSeconds = 30 * 24 * 3600;

    /// <summary>The task; its id is empty.</summary>
    public required FederatedTask Task { get; init; }

    /// <summary>How long participants may join before the first round.</summary>
    public required int JoinSeconds { get; init; }

    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    internal static MemberNames BaseMembers { get; } = new("name", "sha256", "width");

    internal static MemberNames ParticipantMembers { get; } = new("name", "public_key");

    internal static MemberNames NumberMembers { get; } =
        new("n_epochs", "batch_size", "learning_rate", "penalty", "max_tokens", "validation_share", "seed");

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out FederatedRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<FederatedRequest>
    {
        private const int Sha256Digits = 64;
        private const int LongestName = 64;
        private const int MostLabels = 100;

        private FederatedBase? _base;
        private string[]? _labels;
        private List<FederatedParticipant>? _participants;
        private long? _minimum;
        private long _rounds = 10;
        private double _clip = 2;
        private double _noise;
        private double _delta = 1e-5;
        private FederatedTraining _training = new(10, 16, 1e-2, 0.05, 256, 0.2, 1);
        private long _evaluationRows = 200;
        private long _phaseSeconds = 600;
        private long _joinSeconds = 24 * 3600;
        private long _attempts = 3;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new(
            "base_model", "labels", "participants", "minimum", "rounds", "clip_norm", "noise_multiplier", "delta", "hyperparameters",
            "evaluation_rows", "phase_seconds", "join_seconds", "attempts");

        public readonly int ObjectStart
        {
            set { }
        }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // Null counts as absent.
        }

        public bool Read(ref RequestReader reader, string name) => name switch
        {
            "base_model" => ReadBase(ref reader),
            "labels" => ReadLabels(ref reader),
            "participants" => ReadParticipants(ref reader),
            "minimum" => ReadMinimum(ref reader),
            "rounds" => reader.ReadInteger(1, 200, out _rounds),
            "clip_norm" => reader.ReadNumber(0.001, 1_000, out _clip),
            "noise_multiplier" => reader.ReadNumber(0, 100, out _noise),
            "delta" => reader.ReadNumber(1e-12, 0.1, out _delta),
            "hyperparameters" => ReadTraining(ref reader),
            "evaluation_rows" => reader.ReadInteger(0, 10_000, out _evaluationRows),
            "phase_seconds" => reader.ReadInteger(1, 24 * 3600, out _phaseSeconds),
            "join_seconds" => reader.ReadInteger(1, MostJoinSeconds, out _joinSeconds),
            _ => reader.ReadInteger(1, 10, out _attempts),
        };

        public readonly FederatedRequest? Finish(ref RequestReader reader)
        {
            if ((_base is null ? "base_model" : _labels is null ? "labels" : _participants is null ? "participants"
                : _minimum is null ? "minimum" : null) is { } missing)
            {
                reader.FailMissing(missing);
                return null;
            }

            var least = Math.Max(FederatedTask.FewestParticipants, (_participants!.Count / 2) + 1);
            if (_minimum < least || _minimum > _participants.Count)
            {
                reader.Fail(OpenAiError.InvalidValue(
                    "minimum", $"an integer between {least}, which is more than half of the participants and at least "
                    + $"{FederatedTask.FewestParticipants}, and {_participants.Count}", $"{_minimum}"));
                return null;
            }

            var task = new FederatedTask
            {
                Id = "",
                BaseModel = _base!,
                Labels = _labels!,
                Rounds = (int)_rounds,
                Minimum = (int)_minimum!,
                Privacy = new FederatedPrivacy(_clip, _noise, _delta),
                Training = _training,
                EvaluationRows = (int)_evaluationRows,
                PhaseSeconds = (int)_phaseSeconds,
                Attempts = (int)_attempts,
                Participants = _participants,
            };
            if (task.LayerNumbers > FederatedTask.MostNumbers)
            {
                reader.Fail(OpenAiError.InvalidValue(
                    "labels", $"at most {FederatedTask.MostNumbers / (_base!.Width + 1)} labels for vectors of {_base.Width} numbers",
                    $"{_labels!.Length}"));
                return null;
            }

            return new FederatedRequest { Task = task, JoinSeconds = (int)_joinSeconds };
        }

        private bool ReadBase(ref RequestReader reader)
        {
            if (!reader.EnterObject())
            {
                return false;
            }

            var (seen, name, sha256, width) = (UInt128.Zero, (string?)null, (string?)null, 0L);
            while (reader.NextMember(BaseMembers, ref seen, out var member))
            {
                var read = member switch
                {
                    "name" => ReadName(ref reader, out name),
                    "sha256" => ReadSha256(ref reader, out sha256),
                    _ => reader.ReadInteger(1, 8_191, out width),
                };
                if (!read)
                {
                    return false;
                }
            }

            _base = new FederatedBase(name ?? "", sha256 ?? "", (int)width);
            return reader.Error is null
                && (name is not null || reader.FailMissing("name"))
                && (sha256 is not null || reader.FailMissing("sha256"))
                && (width > 0 || reader.FailMissing("width"));
        }

        private bool ReadLabels(ref RequestReader reader)
        {
            if (!reader.EnterArray())
            {
                return false;
            }

            var labels = new SortedSet<string>(StringComparer.Ordinal);
            while (reader.NextElement())
            {
                if (!ReadName(ref reader, out var label))
                {
                    return false;
                }

                if (!labels.Add(label!) || labels.Count > MostLabels)
                {
                    return reader.FailValue($"at most {MostLabels} labels, each once");
                }
            }

            _labels = [.. labels];
            return reader.Error is null && (_labels.Length > 1 || reader.Fail(OpenAiError.InvalidValue("labels", "at least two labels")));
        }

        private bool ReadParticipants(ref RequestReader reader)
        {
            if (!reader.EnterArray())
            {
                return false;
            }

            _participants = [];
            while (reader.NextElement())
            {
                if (!ReadParticipant(ref reader, out var participant))
                {
                    return false;
                }

                if (_participants.Count == SecretSharing.MostHolders
                    || _participants.Exists(one => one.Name == participant!.Name || one.PublicKey.SequenceEqual(participant.PublicKey)))
                {
                    return reader.Fail(OpenAiError.InvalidValue(
                        $"participants[{_participants.Count}]",
                        $"at most {SecretSharing.MostHolders} participants, each name and each key once"));
                }

                _participants.Add(participant!);
            }

            return reader.Error is null && (_participants.Count >= FederatedTask.FewestParticipants
                || reader.Fail(OpenAiError.InvalidValue("participants", $"at least {FederatedTask.FewestParticipants} participants")));
        }

        private static bool ReadParticipant(ref RequestReader reader, out FederatedParticipant? participant)
        {
            participant = null;
            if (!reader.EnterObject())
            {
                return false;
            }

            var (seen, name, key) = (UInt128.Zero, (string?)null, (byte[]?)null);
            while (reader.NextMember(ParticipantMembers, ref seen, out var member))
            {
                if (!(member == "name" ? ReadName(ref reader, out name) : ReadKey(ref reader, out key)))
                {
                    return false;
                }
            }

            participant = new FederatedParticipant(name ?? "", key ?? []);
            return reader.Error is null
                && (name is not null || reader.FailMissing("name"))
                && (key is not null || reader.FailMissing("public_key"));
        }

        private bool ReadTraining(ref RequestReader reader)
        {
            if (!reader.EnterObject())
            {
                return false;
            }

            var (seen, found) = (UInt128.Zero, _training);
            while (reader.NextMember(NumberMembers, ref seen, out var member))
            {
                if (!reader.IsNull && !ReadTrainingNumber(ref reader, member, ref found))
                {
                    return false;
                }
            }

            _training = found;
            return reader.Error is null;
        }

        private static bool ReadTrainingNumber(ref RequestReader reader, string member, ref FederatedTraining found)
        {
            var (whole, number) = (0L, 0.0);
            var read = member switch
            {
                "n_epochs" or "batch_size" => reader.ReadInteger(1, 1_000, out whole),
                "max_tokens" => reader.ReadInteger(8, 4_096, out whole),
                "seed" => reader.ReadInteger(long.MinValue, long.MaxValue, out whole),
                "learning_rate" => reader.ReadNumber(1e-6, 1, out number),
                "penalty" => reader.ReadNumber(0, 10, out number),
                _ => reader.ReadNumber(0.01, 0.9, out number),
            };
            found = member switch
            {
                "n_epochs" => found with { Epochs = (int)whole },
                "batch_size" => found with { BatchSize = (int)whole },
                "max_tokens" => found with { MostTokens = (int)whole },
                "seed" => found with { Seed = whole },
                "learning_rate" => found with { LearningRate = number },
                "penalty" => found with { Penalty = number },
                _ => found with { ValidationShare = number },
            };
            return read;
        }

        private bool ReadMinimum(ref RequestReader reader)
        {
            var read = reader.ReadInteger(1, SecretSharing.MostHolders, out var value);
            _minimum = value;
            return read;
        }

        private static bool ReadName(ref RequestReader reader, out string? name)
        {
            name = reader.ReadString(out var text) ? text : null;
            return name is not null
                && ((name.Length is > 0 and <= LongestName && !name.Any(char.IsControl))
                    || reader.FailValue($"1 to {LongestName} characters, none of them a control character"));
        }

        private static bool ReadSha256(ref RequestReader reader, out string? hash)
        {
            hash = reader.ReadString(out var text) ? text : null;
            return hash is not null && ((hash.Length == Sha256Digits && hash.All(char.IsAsciiHexDigitLower))
                || reader.FailValue($"{Sha256Digits} hexadecimal digits in lower case"));
        }

        private static bool ReadKey(ref RequestReader reader, out byte[]? key)
        {
            key = null;
            if (!reader.ReadString(out var text))
            {
                return false;
            }

            var bytes = new byte[text.Length];
            if (Convert.TryFromBase64String(text, bytes, out var length) && IsKey(bytes.AsSpan(0, length)))
            {
                key = bytes[..length];
                return true;
            }

            return reader.FailValue("a public key of ECDSA on P-256 in base64 (SubjectPublicKeyInfo)");
        }

        private static bool IsKey(ReadOnlySpan<byte> bytes)
        {
            using var key = ECDsa.Create();
            try
            {
                key.ImportSubjectPublicKeyInfo(bytes, out var length);
                return length == bytes.Length
                    && key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value;
            }
            catch (CryptographicException)
            {
                return false;
            }
        }
    }
}
