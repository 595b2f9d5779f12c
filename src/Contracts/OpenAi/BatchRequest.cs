using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

/// <summary><c>POST /v1/batches</c>: a file of requests to be run.</summary>
public sealed record BatchRequest
{
    /// <summary>The only <c>completion_window</c>.</summary>
    public const string Window = "24h";

    /// <summary>A file of purpose <c>batch</c>.</summary>
    public required string InputFileId { get; init; }

    /// <summary>One of <see cref="BatchUrls.All"/>.</summary>
    public required string Endpoint { get; init; }

    /// <summary>At most 16 pairs; null when the client gives none.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Metadata { get; init; }

    /// <summary>Life of the output and error file in seconds; null when the client names no end.</summary>
    public long? OutputExpiresAfterSeconds { get; init; }

    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out BatchRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<BatchRequest>
    {
        private string? _file;
        private string? _endpoint;
        private string? _window;
        private List<KeyValuePair<string, string>>? _metadata;
        private long? _expires;

        public static MemberNames Names { get; } =
            new("input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after");

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
            "input_file_id" => ReadFile(ref reader),
            "endpoint" => ReadEndpoint(ref reader),
            "completion_window" => ReadWindow(ref reader),
            "metadata" => RequestMetadata.Read(ref reader, _metadata = []),
            _ => FileExpiryReader.Read(ref reader, out _expires),
        };

        public readonly BatchRequest? Finish(ref RequestReader reader)
        {
            if ((_file is null ? "input_file_id" : _endpoint is null ? "endpoint" : _window is null ? "completion_window" : null)
                is { } missing)
            {
                reader.FailMissing(missing);
                return null;
            }

            return new BatchRequest
            {
                InputFileId = _file!,
                Endpoint = _endpoint!,
                Metadata = _metadata,
                OutputExpiresAfterSeconds = _expires,
            };
        }

        private bool ReadFile(ref RequestReader reader)
        {
            var read = reader.ReadString(out var text);
            _file = text;
            return read && (text.Length > 0 || reader.FailValue("the id of a file"));
        }

        private bool ReadEndpoint(ref RequestReader reader)
        {
            var read = reader.ReadString(out var text);
            _endpoint = text;
            return read && (BatchUrls.All.Contains(text) || reader.FailValue(BatchUrls.Choice));
        }

        private bool ReadWindow(ref RequestReader reader)
        {
            var read = reader.ReadString(out var text);
            _window = text;
            return read && (text == Window || reader.FailValue($"'{Window}'"));
        }
    }
}
