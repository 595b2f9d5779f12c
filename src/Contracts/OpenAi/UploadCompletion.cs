using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

/// <summary><c>POST /v1/uploads/{upload}/complete</c>.</summary>
public sealed record UploadCompletion
{
    /// <summary>Most parts of an upload.</summary>
    public const int MostParts = 1_000;

    /// <summary>Ids of parts in the order of their bytes, at least one, each once.</summary>
    public required IReadOnlyList<string> PartIds { get; init; }

    /// <summary>MD5 of the whole file, 16 bytes; null when the client states none.</summary>
    public byte[]? Md5 { get; init; }

    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out UploadCompletion? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<UploadCompletion>
    {
        private List<string>? _parts;
        private byte[]? _md5;

        public static MemberNames Names { get; } = new("part_ids", "md5");

        public readonly int ObjectStart
        {
            set { }
        }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // Null counts as absent.
        }

        public bool Read(ref RequestReader reader, string name) => name == "md5" ? ReadMd5(ref reader) : ReadParts(ref reader);

        public readonly UploadCompletion? Finish(ref RequestReader reader)
        {
            if (_parts is null)
            {
                reader.FailMissing("part_ids");
                return null;
            }

            return new UploadCompletion { PartIds = _parts, Md5 = _md5 };
        }

        private bool ReadMd5(ref RequestReader reader)
        {
            const int Digits = 32;
            if (!reader.ReadString(out var text))
            {
                return false;
            }

            if (text.Length != Digits || !text.All(char.IsAsciiHexDigit))
            {
                return reader.FailValue($"{Digits} hexadecimal digits");
            }

            _md5 = Convert.FromHexString(text);
            return true;
        }

        private bool ReadParts(ref RequestReader reader)
        {
            if (!reader.EnterArray())
            {
                return false;
            }

            _parts = [];
            var known = new HashSet<string>(StringComparer.Ordinal);
            while (reader.NextElement())
            {
                if (!reader.ReadString(out var part))
                {
                    return false;
                }

                if (!known.Add(part))
                {
                    return reader.FailValue("each part once");
                }

                if (known.Count > MostParts)
                {
                    return reader.FailValue($"at most {MostParts} parts");
                }

                _parts.Add(part);
            }

            return reader.Error is null && (_parts.Count > 0 || reader.Fail(OpenAiError.InvalidValue("part_ids", "at least one part")));
        }
    }
}
