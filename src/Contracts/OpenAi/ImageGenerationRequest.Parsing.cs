using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Tollgate.Contracts.OpenAi;

public sealed partial record ImageGenerationRequest : IJsonRequest<ImageGenerationRequest>
{
    private const int LongestIdentifier = 64;
    private const int MostPartialImages = 3;
    private const int MostSteps = 1000;
    private const double MostGuidance = 100;
    private const int LongestSide = 16_384;

    /// <summary>2^53 − 1: every client reads the number back as it is.</summary>
    private const long MostSeed = 9_007_199_254_740_991;

    /// <summary>All members that the parser knows, refused ones too.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses and checks a body. Never throws; sets exactly one of <paramref name="request"/> and <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out ImageGenerationRequest? request, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out request, out error);

    private struct Body : IBodyOf<ImageGenerationRequest>
    {
        private SharedMembers _shared = new();
        private string? _prompt;
        private int _promptBytes;
        private string? _negative;
        private int _negativeBytes;
        private int _n = 1;
        private (int, int)? _size;
        private ImageOutputFormat _format;
        private int? _compression;
        private int _partialImages;
        private long? _seed;
        private int? _steps;
        private double? _guidance;

        public Body()
        {
        }

        public static MemberNames Names { get; } = new(
            "prompt", "model", "n", "size", "output_format", "output_compression", "response_format", "stream", "partial_images", "user",
            "safety_identifier", "background", "moderation", "quality", "style", "complexity", "frame_count", "frame_duration_ms", "svg",
            "seed", "negative_prompt", "steps", "guidance", "image", "mask", "input_fidelity");

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
            "prompt" => ReadText(ref reader, mayBeBlank: false, out _prompt, out _promptBytes),
            "negative_prompt" => ReadText(ref reader, mayBeBlank: true, out _negative, out _negativeBytes),
            "n" => ReadWhole(ref reader, 1, MostPictures, out _n),
            "steps" => ReadWhole(ref reader, 1, MostSteps, out var steps) && Set(out _steps, steps),
            "partial_images" => ReadWhole(ref reader, 0, MostPartialImages, out _partialImages),
            "output_compression" => ReadWhole(ref reader, 0, 100, out var compression) && Set(out _compression, compression),
            "seed" => reader.ReadInteger(0, MostSeed, out var seed) && Set(out _seed, seed),
            "guidance" => reader.ReadNumber(0, MostGuidance, out var guidance) && Set(out _guidance, guidance),
            "size" => ReadSize(ref reader),
            "output_format" => ReadFormat(ref reader),
            "response_format" => Choose(
                ref reader, "'b64_json'", ["b64_json"], ["url"], "is 'url', but this server keeps no files: use 'b64_json'"),
            "background" => Choose(
                ref reader, "'opaque' or 'auto'", ["opaque", "auto"], ["transparent"], "is 'transparent', which the models cannot draw"),
            "moderation" => Choose(ref reader, "'auto' or 'low'", ["auto", "low"], [], null),
            "quality" => Choose(
                ref reader, "'auto' or 'standard'", ["auto", "standard"], ["low", "medium", "high", "xhigh", "max", "hd"],
                "has one value with this endpoint, 'auto'; 'steps' sets how much work a picture takes"),
            "style" or "complexity" or "frame_count" or "frame_duration_ms" or "svg" => reader.FailUnsupported(),
            "image" or "mask" or "input_fidelity" => reader.FailUnsupported("is not supported: pictures are drawn from text alone"),
            "safety_identifier" => ReadIdentifier(ref reader),
            _ => _shared.Read(ref reader, name),
        };

        public ImageGenerationRequest? Finish(ref RequestReader reader)
        {
            if (!_shared.Check(ref reader, modelRequired: true) || !CheckTogether(ref reader))
            {
                return null;
            }

            return new ImageGenerationRequest
            {
                Model = _shared.Model!,
                Prompt = _prompt!,
                N = _n,
                PictureSize = _size,
                Format = _format,
                Compression = _compression ?? 100,
                Stream = _shared.Stream,
                PartialImages = _partialImages,
                Seed = _seed,
                NegativePrompt = _negative is { Length: > 0 } ? _negative : null,
                Steps = _steps,
                Guidance = _guidance,
                Size = new PromptSize(_promptBytes + _negativeBytes, 0, 0, _negative is { Length: > 0 } ? 2 : 1),
                Edits = _shared.Edits,
            };
        }

        private readonly bool CheckTogether(ref RequestReader reader)
        {
            if (_prompt is null)
            {
                return reader.FailMissing("prompt");
            }

            if (_compression is < 100 && _format == ImageOutputFormat.Png)
            {
                return reader.Fail(OpenAiError.InvalidValue(
                    "output_compression", "100, because 'output_format' is png", $"{_compression}"));
            }

            if (_partialImages > 0 && !_shared.Stream)
            {
                return reader.Fail(OpenAiError.InvalidValue("partial_images", "0, because 'stream' is not true", $"{_partialImages}"));
            }

            return _negative is not { Length: > 0 } || _guidance is null or > 1 || reader.Fail(OpenAiError.InvalidValue(
                "negative_prompt", "no text, because it has no effect where 'guidance' is 1 or less"));
        }

        private static bool ReadText(ref RequestReader reader, bool mayBeBlank, out string? text, out int utf8Bytes)
        {
            var read = reader.ReadString(out var value, out utf8Bytes);
            text = value;
            return read
                && (value.Length <= LongestPrompt || reader.FailValue($"at most {LongestPrompt} characters"))
                && (mayBeBlank || !string.IsNullOrWhiteSpace(value) || reader.FailValue("a text that is not empty"));
        }

        private static bool ReadWhole(ref RequestReader reader, int least, int most, out int value)
        {
            var read = reader.ReadInteger(least, most, out var number);
            value = (int)number;
            return read;
        }

        private static bool Set<T>(out T? member, T value)
            where T : struct
        {
            member = value;
            return true;
        }

        private static bool ReadIdentifier(ref RequestReader reader) =>
            reader.ReadString(out var text)
            && (text.Length <= LongestIdentifier || reader.FailValue($"at most {LongestIdentifier} characters"));

        private bool ReadSize(ref RequestReader reader)
        {
            if (reader.Is("auto"u8))
            {
                return true;
            }

            if (!reader.ReadString(out var text))
            {
                return false;
            }

            var cross = text.IndexOf('x', StringComparison.Ordinal);
            if (cross < 0 || !TryReadSide(text.AsSpan(0, cross), out var width) || !TryReadSide(text.AsSpan(cross + 1), out var height))
            {
                return reader.FailValue($"'auto', or a width and a height from 1 to {LongestSide} such as '512x512'");
            }

            _size = (width, height);
            return true;
        }

        private static bool TryReadSide(ReadOnlySpan<char> text, out int side) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out side) && side is >= 1 and <= LongestSide;

        private bool ReadFormat(ref RequestReader reader)
        {
            _format = reader.Is("jpeg"u8) ? ImageOutputFormat.Jpeg : reader.Is("webp"u8) ? ImageOutputFormat.Webp : ImageOutputFormat.Png;
            return Choose(
                ref reader, "'png', 'jpeg' or 'webp'", ["png", "jpeg", "webp"], ["gif", "svg"],
                "can be png, jpeg or webp with this endpoint");
        }

        /// <param name="refused">Values of OpenAI's that are refused as not supported, in words <paramref name="why"/>.</param>
        private static bool Choose(ref RequestReader reader, string expected, string[] taken, string[] refused, string? why)
        {
            if (reader.Kind != JsonTokenType.String)
            {
                return reader.FailType("a string");
            }

            reader.ReadString(out var text);
            return taken.Contains(text) || (refused.Contains(text) ? reader.FailUnsupported(why) : reader.FailValue(expected));
        }
    }
}
