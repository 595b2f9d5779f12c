using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Tollgate.Contracts.OpenAi;

namespace Tollgate.Contracts.Anthropic;

public sealed partial record MessagesRequest : IJsonRequest<MessagesRequest>
{
    /// <summary>Most texts that end an answer. Anthropic states no number; each costs the worker a search for each token.</summary>
    internal const int MostStops = 64;

    /// <summary>Most characters of <c>metadata.user_id</c>.</summary>
    private const int LongestUserId = 256;

    internal static readonly MemberNames MetadataNames = new("user_id");

    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out MessagesRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<MessagesRequest>
    {
        private MessagesMembers _members = new();
        private long? _maxTokens;
        private float? _temperature;
        private int _topK;
        private List<string> _stops = [];

        public Body()
        {
        }

        public static MemberNames Names { get; } = new(
        [
            .. MessagesMembers.Names, "max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k", "metadata", "service_tier",
            "container", "diagnostics", "inference_geo", "thread",
        ]);

        public int ObjectStart
        {
            set => _members.Shared.ObjectStart = value;
        }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // A cap of null counts as missing, which the end refuses.
        }

        public bool Read(ref RequestReader reader, string name)
        {
            switch (name)
            {
                case "max_tokens":
                    _members.Shared.NoteMaxTokens(reader.Range);
                    var isCap = reader.ReadInteger(1, SharedMembers.MostTokens, out var cap);
                    _maxTokens = cap;
                    return isCap;
                case "stop_sequences":
                    return ReadStops(ref reader);
                case "temperature":
                    var isNumber = reader.ReadNumber(0, 1, out var temperature);
                    _temperature = (float)temperature;
                    return isNumber;
                case "stream" or "top_p":
                    return _members.Shared.Read(ref reader, name);
                case "top_k":
                    var isCount = reader.ReadInteger(0, int.MaxValue, out var topK);
                    _topK = (int)topK;
                    return isCount;
                case "metadata":
                    return ReadMetadata(ref reader);
                case "service_tier":
                    return MessagesHints.ReadOneOf(ref reader, "auto", "standard_only");
                case "diagnostics":
                    return reader.Kind == JsonTokenType.StartObject ? reader.Skip() : reader.FailType("an object");
                case "container":
                    return reader.Kind is JsonTokenType.StartObject or JsonTokenType.String
                        ? reader.FailUnsupported("is not supported: no code runs here") : reader.FailType("a string or an object");
                case "inference_geo":
                    return reader.Kind == JsonTokenType.String
                        ? reader.FailUnsupported("cannot be chosen here") : reader.FailType("a string");
                case "thread":
                    return reader.Kind == JsonTokenType.StartObject ? reader.Fail(NoThreads()) : reader.FailType("an object");
                default:
                    return _members.Read(ref reader, name);
            }
        }

        /// <summary>By this code Anthropic's clients know to send the conversation whole instead.</summary>
        private static OpenAiError NoThreads() =>
            OpenAiError.UnsupportedParameter("thread", "is not supported: no messages are kept here") with
            {
                Code = "thread_unsupported_request",
            };

        public MessagesRequest? Finish(ref RequestReader reader)
        {
            if (!_members.TryFinish(ref reader, out var parts))
            {
                return null;
            }

            if (_maxTokens is null)
            {
                reader.FailMissing("max_tokens");
                return null;
            }

            if (parts.ThinkingBudget >= _maxTokens)
            {
                reader.Fail(OpenAiError.InvalidValue(
                    "thinking.budget_tokens", "fewer tokens than 'max_tokens'", $"{parts.ThinkingBudget}"));
                return null;
            }

            return new MessagesRequest
            {
                Model = _members.Shared.Model!,
                Messages = parts.Messages,
                Prefill = parts.Prefill,
                Tools = parts.Tools,
                Format = parts.Format,
                Sampling = _members.Shared.Sampling(_maxTokens, logprobs: null) with
                {
                    Temperature = _temperature ?? 1,
                    TopK = _topK,
                    Stop = _stops,
                },
                Stream = _members.Shared.Stream,
                Size = parts.Size,
                Edits = _members.Shared.Edits,
            };
        }

        private bool ReadStops(ref RequestReader reader)
        {
            if (!reader.EnterArray())
            {
                return false;
            }

            _stops = [];
            while (reader.NextElement())
            {
                if (!reader.ReadString(out var text))
                {
                    return false;
                }

                if (string.IsNullOrWhiteSpace(text))
                {
                    return reader.FailValue("a text that is more than white space");
                }

                if (_stops.Count == MostStops)
                {
                    return reader.Fail(OpenAiError.InvalidValue("stop_sequences", $"at most {MostStops} texts"));
                }

                _stops.Add(text);
            }

            return reader.Error is null;
        }

        private static bool ReadMetadata(ref RequestReader reader)
        {
            if (!reader.EnterObject())
            {
                return false;
            }

            var seen = UInt128.Zero;
            while (reader.NextMember(MetadataNames, ref seen, out _))
            {
                if (!reader.IsNull && !(reader.ReadString(out var user)
                    && (user.Length <= LongestUserId || reader.FailValue($"at most {LongestUserId} characters"))))
                {
                    return false;
                }
            }

            return reader.Error is null;
        }
    }
}
