using System.Diagnostics.CodeAnalysis;
using Microsoft.Net.Http.Headers;

namespace Tollgate.Contracts.OpenAi;

/// <summary><c>POST /v1/uploads</c>: a file that comes in parts.</summary>
public sealed record UploadRequest
{
    /// <summary>Most <c>bytes</c>: above it, JSON's numbers are not exact.</summary>
    public const long MostBytes = (1L << 53) - 1;

    private const int LongestMediaType = 255;

    /// <summary>Bytes of the whole file, at least 1.</summary>
    public required long Bytes { get; init; }

    /// <summary>Last segment of the client's path.</summary>
    public required string FileName { get; init; }

    public required string MediaType { get; init; }

    /// <summary>One of <see cref="FilePurposes.Accepted"/>.</summary>
    public required string Purpose { get; init; }

    /// <summary>From the completion on; null when the client names no end.</summary>
    public long? ExpiresAfterSeconds { get; init; }

    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out UploadRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    /// <summary>Whether a text is one media type, such as <c>text/jsonl</c>.</summary>
    public static bool IsMediaType(string text) =>
        text.Length is > 0 and <= LongestMediaType && MediaTypeHeaderValue.TryParse(text, out var type) && type.Type != "*";

    private struct Body : IBodyOf<UploadRequest>
    {
        private long? _bytes;
        private string? _fileName;
        private string? _mediaType;
        private string? _purpose;
        private long? _expires;

        public static MemberNames Names { get; } = new("bytes", "filename", "mime_type", "purpose", "expires_after");

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
            "bytes" => ReadBytes(ref reader),
            "filename" => ReadFileName(ref reader),
            "mime_type" => ReadMediaType(ref reader),
            "purpose" => ReadPurpose(ref reader),
            _ => FileExpiryReader.Read(ref reader, out _expires),
        };

        public readonly UploadRequest? Finish(ref RequestReader reader)
        {
            if ((_bytes is null ? "bytes" : _fileName is null ? "filename" : _mediaType is null ? "mime_type"
                : _purpose is null ? "purpose" : null) is { } missing)
            {
                reader.FailMissing(missing);
                return null;
            }

            return new UploadRequest
            {
                Bytes = _bytes!.Value,
                FileName = _fileName!,
                MediaType = _mediaType!,
                Purpose = _purpose!,
                ExpiresAfterSeconds = _expires,
            };
        }

        private bool ReadBytes(ref RequestReader reader)
        {
            var read = reader.ReadInteger(1, MostBytes, out var value);
            _bytes = value;
            return read;
        }

        private bool ReadFileName(ref RequestReader reader)
        {
            if (!reader.ReadString(out var text))
            {
                return false;
            }

            _fileName = FileNames.LastSegment(text);
            return (FileNames.IsText(text) && _fileName.Length > 0) || reader.FailValue(FileNames.Expected);
        }

        private bool ReadMediaType(ref RequestReader reader)
        {
            if (!reader.ReadString(out var text))
            {
                return false;
            }

            _mediaType = text;
            return IsMediaType(text) || reader.FailValue("a media type such as 'text/jsonl'");
        }

        private bool ReadPurpose(ref RequestReader reader)
        {
            if (!reader.ReadString(out var text))
            {
                return false;
            }

            _purpose = text;
            return FilePurposes.Refuse(text) is not { } refusal || reader.Fail(refusal);
        }
    }
}
