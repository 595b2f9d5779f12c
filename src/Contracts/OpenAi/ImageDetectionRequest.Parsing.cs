using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record ImageDetectionRequest : IJsonRequest<ImageDetectionRequest>, IFormRequest<ImageDetectionRequest>
{
    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>All parts of a form that the parser knows.</summary>
    internal static MemberNames FormMembers { get; } = new("image", "image[]", "file", "model", "threshold", "top_k", "user");

    /// <summary>Most objects for each picture.</summary>
    public const int MostObjects = 1000;

    private const int DefaultObjects = 100;

    /// <summary>
    /// Parses and checks a body, the headers of its pictures included. Never throws; sets exactly one of <paramref name="request"/> and
    /// <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ImageDetectionRequest? request,
        [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    /// <summary>Parses and checks a form, the headers of its pictures included. Sets exactly one of <paramref name="request"/> and
    /// <paramref name="error"/>.</summary>
    public static bool TryParse(
        RequestForm form, [NotNullWhen(true)] out ImageDetectionRequest? request, [NotNullWhen(false)] out OpenAiError? error)
    {
        var reader = new FormReader(form, FormMembers);
        var parts = new PictureParts(reader, MostImages);
        var (threshold, topK) = (double.NaN, (long)DefaultObjects);
        while (reader.NextPart(out var name) && name switch
        {
            "threshold" => reader.ReadNumber(0, 1, out threshold),
            "top_k" => reader.ReadInteger(1, MostObjects, out topK),
            _ => parts.Read(name),
        })
        {
        }

        error = parts.Check();
        request = error is not null ? null : new ImageDetectionRequest
        {
            Model = parts.Model,
            Images = parts.Pictures,
            Threshold = double.IsNaN(threshold) ? null : threshold,
            TopK = (int)topK,
            Size = default,
            Edits = reader.Edits,
        };
        return request is not null;
    }

    private struct Body : IBodyOf<ImageDetectionRequest>
    {
        private PictureMembers _shared = new(MostImages);
        private double? _threshold;
        private int _topK = DefaultObjects;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new("image", "model", "threshold", "top_k", "user");

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
                case "threshold":
                    var isNumber = reader.ReadNumber(0, 1, out var threshold);
                    _threshold = threshold;
                    return isNumber;
                case "top_k":
                    var isInteger = reader.ReadInteger(1, MostObjects, out var count);
                    _topK = (int)count;
                    return isInteger;
                default:
                    return _shared.Read(ref reader, name);
            }
        }

        public readonly ImageDetectionRequest? Finish(ref RequestReader reader)
        {
            if (!_shared.Check(ref reader))
            {
                return null;
            }

            return new ImageDetectionRequest
            {
                Model = _shared.Model!,
                Images = _shared.Pictures,
                Threshold = _threshold,
                TopK = _topK,
                Size = default,
                Edits = _shared.Edits,
            };
        }
    }
}
