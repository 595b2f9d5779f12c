using System.Diagnostics.CodeAnalysis;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

public sealed partial record CountTokensRequest : IJsonRequest<CountTokensRequest>
{
    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out CountTokensRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<CountTokensRequest>
    {
        private MessagesMembers _members = new();

        public Body()
        {
        }

        public static MemberNames Names { get; } = new([.. MessagesMembers.Names]);

        public int ObjectStart
        {
            set => _members.Shared.ObjectStart = value;
        }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // No member means more by null than by its absence.
        }

        public bool Read(ref RequestReader reader, string name) => _members.Read(ref reader, name);

        public CountTokensRequest? Finish(ref RequestReader reader) => !_members.TryFinish(ref reader, out var parts) ? null
            : new CountTokensRequest
            {
                Model = _members.Shared.Model!,
                Messages = parts.Messages,
                Prefill = parts.Prefill,
                Tools = parts.Tools,
                Format = parts.Format,
                Sampling = Sampling.Default,
                Size = parts.Size,
                Edits = _members.Shared.Edits,
            };
    }
}
