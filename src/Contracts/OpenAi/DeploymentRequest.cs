using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Tollgate.Contracts.OpenAi;

/// <summary>What a model must reach to be deployed.</summary>
/// <param name="Metric">One of <see cref="DeploymentRequest.Metrics"/>.</param>
/// <param name="Value">0 to 1.</param>
public sealed record DeploymentMinimum(string Metric, double Value);

/// <summary><c>POST /v1/fine_tuning/deployments</c>: a trained model under a name of the key's project.</summary>
public sealed partial record DeploymentRequest
{
    /// <summary>Metrics of an evaluation that a minimum can name.</summary>
    public static readonly IReadOnlyList<string> Metrics = ["accuracy", "macro_f1", "roc_auc"];

    private const string NameRule = "1 to 63 lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit";

    /// <summary>Name of a trained model.</summary>
    public required string Model { get; init; }

    /// <summary>Null for the model's suffix, or its name where it has none.</summary>
    public string? Name { get; init; }

    /// <summary>Null keeps the minimum of the name, if it has one.</summary>
    public DeploymentMinimum? Minimum { get; init; }

    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>Members of <c>minimum</c>.</summary>
    internal static MemberNames MinimumMembers => Body.MinimumNames;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out DeploymentRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    /// <summary>Whether a text can be the name of a deployment.</summary>
    public static bool IsName(string text) => NamePattern().IsMatch(text);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    private struct Body : IBodyOf<DeploymentRequest>
    {
        private string? _model;
        private string? _name;
        private DeploymentMinimum? _minimum;

        public static MemberNames Names { get; } = new("model", "name", "minimum");

        public static MemberNames MinimumNames { get; } = new("metric", "value");

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
            "model" => ReadModel(ref reader),
            "name" => ReadName(ref reader),
            _ => ReadMinimum(ref reader),
        };

        public readonly DeploymentRequest? Finish(ref RequestReader reader)
        {
            if (_model is null)
            {
                reader.FailMissing("model");
                return null;
            }

            return new DeploymentRequest { Model = _model, Name = _name, Minimum = _minimum };
        }

        private bool ReadModel(ref RequestReader reader)
        {
            var read = reader.ReadString(out var text);
            _model = text;
            return read && (text.Length > 0 || reader.FailValue("the name of a trained model"));
        }

        private bool ReadName(ref RequestReader reader)
        {
            var read = reader.ReadString(out var text);
            _name = text;
            return read && (IsName(text) || reader.FailValue(NameRule));
        }

        private bool ReadMinimum(ref RequestReader reader)
        {
            if (!reader.EnterObject())
            {
                return false;
            }

            var (seen, metric, value) = (UInt128.Zero, (string?)null, (double?)null);
            while (reader.NextMember(MinimumNames, ref seen, out var name))
            {
                if (name == "metric")
                {
                    if (!reader.ReadString(out var text) || !(Metrics.Contains(text)
                        || reader.FailValue("'accuracy', 'macro_f1' or 'roc_auc'")))
                    {
                        return false;
                    }

                    metric = text;
                }
                else if (reader.ReadNumber(0, 1, out var number))
                {
                    value = number;
                }
                else
                {
                    return false;
                }
            }

            if (reader.Error is not null)
            {
                return false;
            }

            if (metric is null || value is null)
            {
                return reader.FailMissing(metric is null ? "metric" : "value");
            }

            _minimum = new DeploymentMinimum(metric, value.Value);
            return true;
        }
    }
}
