using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record ImageOcrRequest : IJsonRequest<ImageOcrRequest>, IFormRequest<ImageOcrRequest>
{
    private const double DefaultMinConfidence = 0.5;
    private const string AnyLanguage = "is not supported: a model reads all characters of its dictionary, whatever the language";

    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>All parts of a form that the parser knows.</summary>
    internal static MemberNames FormMembers { get; } = new("image", "file", "model", "min_confidence", "language", "user");

    /// <summary>
    /// Parses and checks a body, the header of its picture included. Never throws; sets exactly one of <paramref name="request"/> and
    /// <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ImageOcrRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    /// <summary>Parses and checks a form, the header of its picture included. Sets exactly one of <paramref name="request"/> and
    /// <paramref name="error"/>.</summary>
    public static bool TryParse(
        RequestForm form, [NotNullWhen(true)] out ImageOcrRequest? request, [NotNullWhen(false)] out OpenAiError? error)
    {
        var reader = new FormReader(form, FormMembers);
        var parts = new PictureParts(reader, most: 1);
        var least = DefaultMinConfidence;
        while (reader.NextPart(out var name) && name switch
        {
            "min_confidence" => reader.ReadNumber(0, 1, out least),
            "language" => reader.ReadText(out _) && reader.FailUnsupported(AnyLanguage),
            _ => parts.Read(name),
        })
        {
        }

        error = parts.Check();
        request = error is not null ? null : new ImageOcrRequest
        {
            Model = parts.Model,
            Image = parts.Pictures[0],
            MinConfidence = least,
            Size = default,
            Edits = reader.Edits,
        };
        return request is not null;
    }

    private struct Body : IBodyOf<ImageOcrRequest>
    {
        private PictureMembers _shared = new(most: 1);
        private double _minConfidence = DefaultMinConfidence;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new("image", "model", "min_confidence", "language", "user");

        public int ObjectStart
        {
            set => _shared.ObjectStart = value;
        }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // A null model counts as missing here, and no other member of this endpoint is rewritten.
        }

        public bool Read(ref RequestReader reader, string name) => name switch
        {
            "min_confidence" => reader.ReadNumber(0, 1, out _minConfidence),
            "language" => reader.ReadString(out _) && reader.FailUnsupported(AnyLanguage),
            _ => _shared.Read(ref reader, name),
        };

        public readonly ImageOcrRequest? Finish(ref RequestReader reader)
        {
            if (!_shared.Check(ref reader))
            {
                return null;
            }

            return new ImageOcrRequest
            {
                Model = _shared.Model!,
                Image = _shared.Pictures[0],
                MinConfidence = _minConfidence,
                Size = default,
                Edits = _shared.Edits,
            };
        }
    }
}
