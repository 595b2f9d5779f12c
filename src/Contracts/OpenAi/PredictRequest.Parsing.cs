using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record PredictRequest
{
    /// <summary>The model of a request that names none: an alias for the operator to set.</summary>
    public const string DefaultModel = "predict";

    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    private const int MostInputs = 2048;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    /// <param name="asked">The model that the URL names, or null. The body's <c>model</c> is then absent or the same.</param>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, string? asked, [NotNullWhen(true)] out PredictRequest? request,
        [NotNullWhen(false)] out OpenAiError? error) => RequestParser.TryParse(body.Span, new Body(asked), out request, out error);

    private struct Body(string? asked) : IBodyOf<PredictRequest>
    {
        private SharedMembers _shared = new();
        private PromptInputs _inputs = new(MostInputs, mostTokens: 0, emptyText: true, textOnly: true);
        private bool _isList;
        private ExplanationRequest? _explain;

        public static MemberNames Names { get; } = new("data", "model", "explain");

        public int ObjectStart
        {
            set => _shared.ObjectStart = value;
        }

        public void SkipNull(string name, ByteRange range)
        {
            if (name == "model")
            {
                _shared.NoteModel(range);
            }
        }

        public bool Read(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "data":
                    _isList = reader.Kind == JsonTokenType.StartArray;
                    return _inputs.Read(ref reader);
                case "explain":
                    return ExplanationRequest.TryRead(ref reader, out _explain);
                default:
                    return _shared.Read(ref reader, name);
            }
        }

        public PredictRequest? Finish(ref RequestReader reader)
        {
            if (_inputs.Inputs.Count == 0)
            {
                reader.FailMissing("data");
                return null;
            }

            if (asked is { Length: 0 or > SharedMembers.LongestModel })
            {
                reader.Fail(OpenAiError.InvalidValue("model", "the name of a model", $"'{OpenAiError.Shorten(asked)}'"));
                return null;
            }

            if (asked is not null && _shared.Model is not null && _shared.Model != asked)
            {
                reader.Fail(OpenAiError.InvalidValue("model", "the model in the URL or no model at all"));
                return null;
            }

            if (ExplanationRequest.Check(_explain, _inputs.Size, "data") is { } refusal)
            {
                reader.Fail(refusal);
                return null;
            }

            return new PredictRequest
            {
                Model = _shared.Model ?? asked ?? DefaultModel,
                Inputs = _inputs.Inputs,
                IsList = _isList,
                Explain = _explain,
                Size = _inputs.Size,
                Edits = _shared.Edits,
            };
        }
    }
}
