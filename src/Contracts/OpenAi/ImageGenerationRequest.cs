using Tollgate.Contracts.Metering;

namespace Tollgate.Contracts.OpenAi;

/// <summary><c>POST /v1/images/generations</c>.</summary>
public sealed partial record ImageGenerationRequest : InferenceRequest
{
    /// <summary>Most pictures of a request.</summary>
    public const int MostPictures = 10;

    /// <summary>Longest prompt, characters.</summary>
    public const int LongestPrompt = 32_000;

    public required string Prompt { get; init; }

    /// <summary>Pictures, 1 to <see cref="MostPictures"/>.</summary>
    public int N { get; init; } = 1;

    /// <summary>Width and height in pixels; null for <c>auto</c>, the model's own.</summary>
    public (int Width, int Height)? PictureSize { get; init; }

    public ImageOutputFormat Format { get; init; }

    /// <summary>Quality of JPEG and WebP, 0 to 100.</summary>
    public int Compression { get; init; } = 100;

    /// <summary>Intermediate pictures of a stream for each picture, 0 to 3.</summary>
    public int PartialImages { get; init; }

    /// <summary>Extension. Null: the worker chooses one.</summary>
    public long? Seed { get; init; }

    /// <summary>Extension: what the pictures must not show.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>Extension. Null: the model's own.</summary>
    public int? Steps { get; init; }

    /// <summary>Extension: how closely the pictures follow the prompt; 1 and less is without guidance. Null: the model's own.</summary>
    public double? Guidance { get; init; }

    public override bool Generates => false;

    /// <summary>Pictures alone: the model's card bounds their pixels and steps.</summary>
    public override Units Media => new(0, Images: N);
}

/// <summary>A file format of pictures.</summary>
public enum ImageOutputFormat
{
    Png,

    Jpeg,

    Webp,
}
