using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record ModerationRequest
{
    /// <summary>The model of a request that names none, as at OpenAI: an alias for the operator to set.</summary>
    public const string DefaultModel = "omni-moderation-latest";

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
            if (_inputs.Inputs.Count == 0)
            {
                reader.FailMissing("input");
                return null;
            }

            return new ModerationRequest
            {
                Model = _shared.Model ?? DefaultModel,
                Inputs = _inputs.Inputs,
                IsOneInput = _inputs.AreParts,
                Size = _inputs.Size,
                Edits = _shared.Edits,
            };
        }
    }
}
