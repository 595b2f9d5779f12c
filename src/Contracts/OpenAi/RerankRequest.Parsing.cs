using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record RerankRequest : IJsonRequest<RerankRequest>
{
    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    private const int MostDocuments = 2048;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out RerankRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<RerankRequest>
    {
        private static readonly MemberNames DocumentNames = new("text");

        private readonly List<string> _documents = [];
        private SharedMembers _shared = new();
        private string? _query;
        private bool _hasDocuments;
        private int _queryBytes;
        private long _documentBytes;
        private int? _top;
        private int? _mostTokens;
        private bool _withDocuments = true;
        private bool _truncate = true;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new(
            "model", "query", "documents", "top_n", "return_documents", "max_tokens_per_doc", "truncate", "relevant_spans", "priority",
            "user");

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
                case "query":
                    return ReadText(ref reader, out _query, out _queryBytes);
                case "documents":
                    return ReadDocuments(ref reader);
                case "top_n":
                    return ReadCount(ref reader, out _top);
                case "max_tokens_per_doc":
                    return ReadCount(ref reader, out _mostTokens);
                case "return_documents":
                    return reader.ReadBoolean(out _withDocuments);
                case "truncate":
                    return reader.ReadBoolean(out _truncate);
                case "relevant_spans":
                    return reader.ReadBoolean(out var spans) && (!spans || reader.FailUnsupported());
                case "priority":
                    return reader.ReadInteger(0, 999, out _);
                default:
                    return _shared.Read(ref reader, name);
            }
        }

        public readonly RerankRequest? Finish(ref RequestReader reader)
        {
            if (!_shared.Check(ref reader, modelRequired: true))
            {
                return null;
            }

            if (_query is null || !_hasDocuments)
            {
                reader.FailMissing(_query is null ? "query" : "documents");
                return null;
            }

            return new RerankRequest
            {
                Model = _shared.Model!,
                Query = _query,
                QueryBytes = _queryBytes,
                Documents = _documents,
                DocumentBytes = _documentBytes,
                TopN = _top,
                MostTokensPerDocument = _mostTokens,
                WithDocuments = _withDocuments,
                Truncate = _truncate,
                Size = new PromptSize(((long)_queryBytes * _documents.Count) + _documentBytes, 0, 0, _documents.Count + 1),
                Edits = _shared.Edits,
            };
        }

        private static bool ReadCount(ref RequestReader reader, out int? count)
        {
            var read = reader.ReadInteger(1, int.MaxValue, out var value);
            count = (int)value;
            return read;
        }

        private static bool ReadText(ref RequestReader reader, out string? text, out int bytes)
        {
            var read = reader.ReadString(out var found, out bytes);
            text = found;
            return read && (found.Length > 0 || reader.FailValue("a text that is not empty"));
        }

        private bool ReadDocuments(ref RequestReader reader)
        {
            _hasDocuments = true;
            if (!reader.EnterArray())
            {
                return false;
            }

            while (reader.NextElement())
            {
                if (_documents.Count == MostDocuments)
                {
                    return reader.Fail(OpenAiError.InvalidValue("documents", $"at most {MostDocuments} elements"));
                }

                if (!ReadDocument(ref reader))
                {
                    return false;
                }
            }

            return reader.Error is null && (_documents.Count > 0
                || reader.Fail(OpenAiError.InvalidValue("documents", "at least one document", "an empty array")));
        }

        private bool ReadDocument(ref RequestReader reader)
        {
            if (reader.Kind == JsonTokenType.StartObject)
            {
                return ReadTextObject(ref reader);
            }

            return reader.Kind == JsonTokenType.String
                ? AddText(ref reader) : reader.FailType("a string or an object with a text");
        }

        private bool ReadTextObject(ref RequestReader reader)
        {
            var (seen, before) = (UInt128.Zero, _documents.Count);
            reader.Enter();
            while (reader.NextMember(DocumentNames, ref seen, out _))
            {
                if (!AddText(ref reader))
                {
                    return false;
                }
            }

            return reader.Error is null && (_documents.Count > before || reader.FailMissing("text"));
        }

        private bool AddText(ref RequestReader reader)
        {
            if (!ReadText(ref reader, out var text, out var bytes))
            {
                return false;
            }

            _documentBytes += bytes;
            _documents.Add(text!);
            return true;
        }
    }
}
