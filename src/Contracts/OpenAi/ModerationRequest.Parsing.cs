using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record ModerationRequest : IJsonRequest<ModerationRequest>
{
    /// <summary>The model of a request that names none, as at OpenAI: an alias for the operator to set.</summary>
    public const string DefaultModel = "omni-moderation-latest";

    /// <summary>The error when a model judges one kind of input alone, and the request has the other; null when it can answer.</summary>
    /// <param name="model">Its name, for the error.</param>
    /// <param name="readsPictures">Whether it judges pictures instead of texts.</param>
    public OpenAiError? Refuse(string model, bool readsPictures) =>
        readsPictures
            ? TextParam is null ? null
                : OpenAiError.UnsupportedParameter(TextParam, $"is not supported by the model '{model}', which judges pictures alone")
            : Images.Count == 0 ? null : OpenAiError.UnsupportedParameter(
                Images[0].Param, $"is not supported by the model '{model}', which judges texts alone");

    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ModerationRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<ModerationRequest>
    {
        private SharedMembers _shared = new();
        private ModerationInputs _inputs = new();

        public Body()
        {
        }

        public static MemberNames Names { get; } = new("input", "model");

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

        public bool Read(ref RequestReader reader, string name) =>
            name == "input" ? _inputs.Read(ref reader) : _shared.Read(ref reader, name);

        public ModerationRequest? Finish(ref RequestReader reader)
        {
            if (_inputs.Count == 0)
            {
                reader.FailMissing("input");
                return null;
            }

            return new ModerationRequest
            {
                Model = _shared.Model ?? DefaultModel,
                Inputs = _inputs.Inputs,
                Images = _inputs.Pictures.Pictures,
                TextParam = _inputs.TextParam,
                IsOneInput = _inputs.AreParts,
                Size = _inputs.Size,
                Edits = _shared.Edits,
            };
        }
    }
}
