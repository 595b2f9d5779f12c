using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record ImageClassificationRequest : IJsonRequest<ImageClassificationRequest>, IFormRequest<ImageClassificationRequest>
{
    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>All parts of a form that the parser knows.</summary>
    internal static MemberNames FormMembers { get; } = new("image", "image[]", "file", "model", "top_n", "user");

    /// <summary>Most labels for each picture.</summary>
    public const int MostLabels = 1000;

    private const int DefaultLabels = 5;

    /// <summary>
    /// Parses and checks a body, the headers of its pictures included. Never throws; sets exactly one of <paramref name="request"/> and
    /// <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ImageClassificationRequest? request,
        [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    /// <summary>Parses and checks a form, the headers of its pictures included. Sets exactly one of <paramref name="request"/> and
    /// <paramref name="error"/>.</summary>
    public static bool TryParse(
        RequestForm form, [NotNullWhen(true)] out ImageClassificationRequest? request, [NotNullWhen(false)] out OpenAiError? error)
    {
        var reader = new FormReader(form, FormMembers);
        var parts = new PictureParts(reader, MostImages);
        var topN = (long)DefaultLabels;
        while (reader.NextPart(out var name) && name switch
        {
            "top_n" => reader.ReadInteger(1, MostLabels, out topN),
            _ => parts.Read(name),
        })
        {
        }

        error = parts.Check();
        request = error is not null ? null : new ImageClassificationRequest
        {
            Model = parts.Model,
            Images = parts.Pictures,
            TopN = (int)topN,
            Size = default,
            Edits = reader.Edits,
        };
        return request is not null;
    }

    private struct Body : IBodyOf<ImageClassificationRequest>
    {
        private PictureMembers _shared = new(MostImages);
        private int _topN = DefaultLabels;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new("image", "model", "top_n", "user");

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
                case "top_n":
                    var read = reader.ReadInteger(1, MostLabels, out var value);
                    _topN = (int)value;
                    return read;
                default:
                    return _shared.Read(ref reader, name);
            }
        }

        public readonly ImageClassificationRequest? Finish(ref RequestReader reader)
        {
            if (!_shared.Check(ref reader))
            {
                return null;
            }

            return new ImageClassificationRequest
            {
                Model = _shared.Model!,
                Images = _shared.Pictures,
                TopN = _topN,
                Size = default,
                Edits = _shared.Edits,
            };
        }
    }
}
