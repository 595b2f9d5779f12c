using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record ClassificationRequest : IJsonRequest<ClassificationRequest>
{
    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    private const int MostInputs = 2048;
    private const int MostTokensOfInput = 8192;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ClassificationRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<ClassificationRequest>
    {
        private SharedMembers _shared = new();
        private PromptInputs _inputs = new(MostInputs, MostTokensOfInput, emptyText: true);
        private int? _top;
        private bool _all;
        private TextTruncation _truncation;
        private ExplanationRequest? _explain;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new("input", "model", "top_n", "return_all_scores", "truncation", "explain", "user");

        public int ObjectStart
        {
            set => _shared.ObjectStart = value;
        }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // A null model counts as missing here, and no other member of this endpoint is rewritten.
        }

        public bool Read(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "input":
                    return _inputs.Read(ref reader);
                case "top_n":
                    var read = reader.ReadInteger(1, int.MaxValue, out var value);
                    _top = (int)value;
                    return read;
                case "return_all_scores":
                    return reader.ReadBoolean(out _all);
                case "truncation":
                    return ReadTruncation(ref reader);
                case "explain":
                    return ExplanationRequest.TryRead(ref reader, out _explain);
                default:
                    return _shared.Read(ref reader, name);
            }
        }

        public ClassificationRequest? Finish(ref RequestReader reader)
        {
            if (!_shared.Check(ref reader, modelRequired: true))
            {
                return null;
            }

            if (_inputs.Inputs.Count == 0)
            {
                reader.FailMissing("input");
                return null;
            }

            if (_all && _top is not null)
            {
                reader.Fail(OpenAiError.InvalidValue("top_n", "no number of labels when 'return_all_scores' is true", $"{_top}"));
                return null;
            }

            if (ExplanationRequest.Check(_explain, _inputs.Size, "input") is { } refusal)
            {
                reader.Fail(refusal);
                return null;
            }

            return new ClassificationRequest
            {
                Model = _shared.Model!,
                Inputs = _inputs.Inputs,
                ScoredLabels = _all ? int.MaxValue : _top,
                Truncation = _truncation,
                Explain = _explain,
                Size = _inputs.Size,
                Edits = _shared.Edits,
            };
        }

        private bool ReadTruncation(ref RequestReader reader)
        {
            if (!reader.ReadString(out var text))
            {
                return false;
            }

            _truncation = text switch
            {
                "cut" => TextTruncation.Cut,
                "windows" => TextTruncation.Windows,
                _ => TextTruncation.Error,
            };
            return _truncation != TextTruncation.Error || text == "error" || reader.FailValue("'error', 'cut' or 'windows'");
        }
    }
}
