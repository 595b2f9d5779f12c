using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tollgate.Inference.Pictures;

/// <summary>Resizes a picture and cuts a part out of it, to the values that Pillow's <c>resize</c> and <c>crop</c> give: rows first, then
/// columns, each rounded to 8 bits. Only the part is computed. Stateless.</summary>
internal static unsafe class PictureResizer
{
    private const int PixelBytes = Picture.BytesPerPixel;

    /// <summary>Returns the part's pixels, four bytes each, row by row.</summary>
    /// <param name="width">Width of the whole picture after resizing.</param>
    /// <param name="height">Height of the whole picture after resizing.</param>
    /// <param name="part">What is cut out of the resized picture.</param>
    public static byte[] Resize(Picture picture, ResizeFilter filter, int width, int height, PicturePart part)
    {
        var across = ResizeWeights.Make(filter, picture.Width, width, part.Left, part.Width);
        var down = ResizeWeights.Make(filter, picture.Height, height, part.Top, part.Height);
        var top = down.First(0);
        var bottom = Enumerable.Range(0, down.Count).Max(row => down.First(row) + down.Of(row).Length);
        var result = new byte[part.Width * part.Height * PixelBytes];

        // Rows that no target row uses are left out; what is between the passes is as wide as the part.
        var between = (byte*)NativeMemory.Alloc((nuint)part.Width * (nuint)(bottom - top) * PixelBytes);
        try
        {
            for (var row = top; row < bottom; row++)
            {
                var source = picture.Pixels + picture.First + (row * (nint)picture.StepY);
                var target = between + ((nint)(row - top) * part.Width * PixelBytes);
                for (var x = 0; x < part.Width; x++)
                {
                    Store(target + (x * PixelBytes), Sum(source + (across.First(x) * (nint)picture.StepX), picture.StepX, across.Of(x)));
                }
            }

            fixed (byte* rows = result)
            {
                for (var y = 0; y < part.Height; y++)
                {
                    var source = between + ((nint)(down.First(y) - top) * part.Width * PixelBytes);
                    for (var x = 0; x < part.Width; x++)
                    {
                        Store(
                            rows + (((y * part.Width) + x) * PixelBytes),
                            Sum(source + (x * PixelBytes), part.Width * PixelBytes, down.Of(y)));
                    }
                }
            }
        }
        finally
        {
            NativeMemory.Free(between);
        }

        return result;
    }

    /// <summary>The weighted sum of pixels that lie <paramref name="step"/> bytes apart, all four bytes at once, rounded.</summary>
    private static Vector128<int> Sum(byte* pixel, nint step, ReadOnlySpan<int> weights)
    {
        var sum = Vector128.Create(1 << (ResizeWeights.Bits - 1));
        foreach (var weight in weights)
        {
            var bytes = Vector128.CreateScalar(*(uint*)pixel).AsByte();
            sum += Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32() * weight;
            pixel += step;
        }

        return Vector128.ShiftRightArithmetic(sum, ResizeWeights.Bits);
    }

    private static void Store(byte* pixel, Vector128<int> sum)
    {
        var clamped = Vector128.Min(Vector128.Max(sum, Vector128<int>.Zero), Vector128.Create(255)).AsUInt32();
        var narrow = Vector128.Narrow(Vector128.Narrow(clamped, clamped), Vector128<ushort>.Zero);
        *(uint*)pixel = narrow.AsUInt32().ToScalar();
    }
}

/// <summary>A rectangle of a picture, pixels.</summary>
internal readonly record struct PicturePart(int Left, int Top, int Width, int Height);
