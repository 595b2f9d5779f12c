using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record EmbeddingRequest : IJsonRequest<EmbeddingRequest>
{
    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    private const int MostInputs = 2048;
    private const int MostTokensOfInput = 2048;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out EmbeddingRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<EmbeddingRequest>
    {
        private SharedMembers _shared = new();
        private PromptInputs _inputs = new(MostInputs, MostTokensOfInput, emptyText: false);
        private bool _base64;
        private int? _dimensions;
        private EmbeddingPurpose _purpose;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new("input", "model", "encoding_format", "dimensions", "input_type", "user");

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
                case "dimensions":
                    var read = reader.ReadInteger(1, int.MaxValue, out var value);
                    _dimensions = (int)value;
                    return read;
                case "encoding_format":
                    _base64 = reader.Is("base64"u8);
                    return _base64 || reader.Is("float"u8)
                        || (reader.Kind == JsonTokenType.String ? reader.FailValue("'float' or 'base64'") : reader.FailType("a string"));
                case "input_type":
                    return ReadPurpose(ref reader);
                default:
                    return _shared.Read(ref reader, name);
            }
        }

        public EmbeddingRequest? Finish(ref RequestReader reader)
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

            return new EmbeddingRequest
            {
                Model = _shared.Model!,
                Inputs = _inputs.Inputs,
                Base64 = _base64,
                Dimensions = _dimensions,
                Purpose = _purpose,
                Size = _inputs.Size,
                Edits = _shared.Edits,
            };
        }

        /// <summary>Reads the names of Cohere, Voyage and NVIDIA for the same two things.</summary>
        private bool ReadPurpose(ref RequestReader reader)
        {
            if (!reader.ReadString(out var purpose))
            {
                return false;
            }

            _purpose = purpose switch
            {
                "query" or "search_query" => EmbeddingPurpose.Query,
                "document" or "search_document" or "passage" => EmbeddingPurpose.Document,
                _ => EmbeddingPurpose.None,
            };
            return _purpose != EmbeddingPurpose.None
                || reader.FailValue("'query', 'document', 'search_query', 'search_document' or 'passage'");
        }
    }
}
