using System.Runtime.Intrinsics;
using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Cuts a turned rectangle out of a picture. Stateless.</summary>
internal static unsafe class PictureUnwarp
{
    /// <summary>Pixels of the rectangle, its first corner upper left, about as large as in the picture. Beyond the picture's edge its
    /// last pixels go on. One owner.</summary>
    /// <param name="longest">Most pixels of a side; a longer one is shrunk.</param>
    /// <remarks>Bicubic after Catmull and Rom, on all four bytes of a pixel at once.</remarks>
    public static Picture Cut(Picture picture, TextQuad quad, int longest)
    {
        var (width, height) = (Pixels(quad.Width, longest), Pixels(quad.Height, longest));
        var cut = new Picture(width, height, SkiaSharp.SKEncodedOrigin.TopLeft);
        var (right, down) = ((quad.Second - quad.First) * (1.0 / width), (quad.Fourth - quad.First) * (1.0 / height));
        for (var y = 0; y < height; y++)
        {
            // Pixel (0, 0) lies around (0.5, 0.5).
            var at = quad.First + (down * (y + 0.5)) + (right * 0.5) - new TextPoint(0.5, 0.5);
            var target = (uint*)(cut.Pixels + ((nint)y * width * Picture.BytesPerPixel));
            for (var x = 0; x < width; x++)
            {
                target[x] = Sample(picture, at.X, at.Y);
                at += right;
            }
        }

        return cut;
    }

    private static int Pixels(double length, int longest) => Math.Clamp((int)Math.Round(length), 1, longest);

    private static uint Sample(Picture picture, double x, double y)
    {
        var (left, top) = ((int)Math.Floor(x), (int)Math.Floor(y));
        var (across, down) = (Weights((float)(x - left)), Weights((float)(y - top)));
        var sum = Vector128<float>.Zero;
        for (var row = 0; row < 4; row++)
        {
            var pixels = picture.Pixels + picture.First + (Math.Clamp(top - 1 + row, 0, picture.Height - 1) * (nint)picture.StepY);
            var line = Vector128<float>.Zero;
            for (var column = 0; column < 4; column++)
            {
                var pixel = *(uint*)(pixels + (Math.Clamp(left - 1 + column, 0, picture.Width - 1) * (nint)picture.StepX));
                var bytes = Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(pixel).AsByte()));
                line += Vector128.ConvertToSingle(bytes.AsInt32()) * across[column];
            }

            sum += line * down[row];
        }

        var rounded = Vector128.ConvertToInt32(Vector128.Min(
            Vector128.Max(sum + Vector128.Create(0.5f), Vector128<float>.Zero), Vector128.Create(255f))).AsUInt32();
        return Vector128.Narrow(Vector128.Narrow(rounded, rounded), Vector128<ushort>.Zero).AsUInt32().ToScalar();
    }

    /// <summary>Weights of the four neighbours of a place <paramref name="t"/> behind the second one.</summary>
    private static Vector128<float> Weights(float t) => Vector128.Create(
        ((((-0.5f * t) + 1) * t) - 0.5f) * t,
        (((1.5f * t) - 2.5f) * t * t) + 1,
        ((((-1.5f * t) + 2) * t) + 0.5f) * t,
        ((0.5f * t) - 0.5f) * t * t);
}
