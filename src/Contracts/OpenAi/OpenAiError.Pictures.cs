using Tollgate.Contracts.Pictures;

namespace Tollgate.Contracts.OpenAi;

/// <summary>Errors in the pictures of a request. The codes are those that OpenAI's responses use for images.</summary>
public sealed partial record OpenAiError
{
    private const string ContentPolicyCode = "content_policy_violation";

    /// <summary>A picture that is refused before it is decoded.</summary>
    /// <param name="param">The member with the picture.</param>
    public static OpenAiError InvalidPicture(string param, PictureFault fault) => fault switch
    {
        PictureFault.Empty => Picture(param, "empty_image_file", "the file is empty"),
        PictureFault.UnknownFormat => Picture(
            param, "invalid_image_format", "the file is no PNG, JPEG, WebP, GIF or BMP picture"),
        PictureFault.TooLarge => Picture(
            param, "image_too_large",
            $"it has more than {PictureHeader.MostPixels} pixels, or a side of more than {PictureHeader.LongestSide}"),
        PictureFault.Animated => Picture(param, "invalid_image_format", "it is an animation; send one frame"),
        _ => Picture(param, "image_parse_error", "its header is cut off or damaged"),
    };

    /// <summary>A picture whose pixels cannot be decoded.</summary>
    public static OpenAiError DamagedPicture(string param) =>
        Picture(param, "image_parse_error", "the file is cut off or damaged, or uses a feature of its format that is not supported");

    /// <summary>A picture with more lines of text than one request reads.</summary>
    public static OpenAiError TooMuchText(string param, int mostLines) => Picture(
        param, "image_too_complex", $"it has more than {mostLines} lines of text; send it in parts");

    public static OpenAiError InvalidPictureText(string param) =>
        Picture(param, "invalid_base64_image", "expected base64 with padding, or a data URL such as 'data:image/png;base64,…'");

    public static OpenAiError PictureByUrl(string param) => Picture(
        param, "invalid_image_url", "pictures are not fetched from a URL; send the file as base64, as a data URL or as a part of a form");

    /// <summary>The operator's check refuses the text that pictures were to be drawn of. Type, code and text are OpenAI's.</summary>
    public static OpenAiError PromptRefused() => new(
        400, InvalidRequest, ContentPolicyCode,
        "Your request was rejected as a result of our safety system. Your prompt may contain text that is not allowed by our safety "
        + "system.");

    /// <summary>The operator's check refuses a picture that was drawn. Type, code and text are OpenAI's.</summary>
    public static OpenAiError DrawingRefused() => new(
        400, InvalidRequest, ContentPolicyCode, "This request has been blocked by our content filters.");

    private static OpenAiError Picture(string param, string code, string why) =>
        new(400, InvalidRequest, code, $"Invalid image in '{param}': {why}.", param);
}
