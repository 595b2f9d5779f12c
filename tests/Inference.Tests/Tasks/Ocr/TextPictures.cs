using System.Text.Json.Nodes;
using SkiaSharp;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Ocr;

/// <summary>The shared pictures of text, and what tests make of them.</summary>
internal static class TextPictures
{
    public const string Folder = "models/ocr";

    /// <summary>The npm package with the models.</summary>
    public static string ModelFolder => NpmModels.Ocr;

    /// <summary>A file of the npm package.</summary>
    public static string ModelFile(string name) => Path.Combine(ModelFolder, "assets", name);

    /// <summary>Each picture with the lines that were written on it and what the independent runner read.</summary>
    public static JsonArray References => JsonNode.Parse(File.ReadAllText(SharedFiles.At($"{Folder}/reference.json")))!["cases"]!.AsArray();

    public static string[] Written(string name) =>
        [.. References.Single(one => (string)one!["picture"]! == name)!["written"]!.AsArray().Select(line => (string)line!)];

    public static byte[] Bytes(string name) => File.ReadAllBytes(SharedFiles.At($"{Folder}/{name}"));

    public static SKBitmap Load(string name) => SKBitmap.Decode(Bytes(name));

    /// <summary>The letters alone: a recognizer may see or miss a space.</summary>
    public static string Letters(string text) => string.Concat(text.Where(letter => !char.IsWhiteSpace(letter)));

    /// <summary>Draws on a new picture.</summary>
    public static byte[] Draw(
        int width, int height, SKColor back, Action<SKCanvas> draw, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using (var canvas = new SKCanvas(bitmap))
        {
            canvas.Clear(back);
            draw(canvas);
        }

        using var data = bitmap.Encode(format, 95);
        return data.ToArray();
    }

    /// <summary>Turns a picture clockwise around its middle, on a larger one.</summary>
    public static byte[] Turn(SKBitmap picture, float degrees, SKColor back, SKEncodedImageFormat format = SKEncodedImageFormat.Png)
    {
        var angle = degrees * Math.PI / 180;
        var (cos, sin) = (Math.Abs(Math.Cos(angle)), Math.Abs(Math.Sin(angle)));
        var (width, height) = (
            (int)Math.Round((picture.Width * cos) + (picture.Height * sin)),
            (int)Math.Round((picture.Width * sin) + (picture.Height * cos)));
        return Draw(
            width, height, back,
            canvas =>
            {
                canvas.Translate(width / 2f, height / 2f);
                canvas.RotateDegrees(degrees);
                Put(canvas, picture, -picture.Width / 2f, -picture.Height / 2f);
            },
            format);
    }

    /// <summary>Resizes a picture.</summary>
    public static byte[] Scale(SKBitmap picture, double factor)
    {
        using var scaled = picture.Resize(
            new SKImageInfo((int)(picture.Width * factor), (int)(picture.Height * factor)),
            new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        using var data = scaled.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    public static void Put(SKCanvas canvas, SKBitmap picture, float left, float top)
    {
        using var image = SKImage.FromBitmap(picture);
        canvas.DrawImage(image, left, top, new SKSamplingOptions(SKCubicResampler.CatmullRom));
    }
}
