using Microsoft.ML.OnnxRuntime;
using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>Finds where a picture has text. Thread-safe.</summary>
internal sealed class TextDetector(InferenceSession session)
{
    /// <summary>Sides that the graph reads are multiples of it: it halves them five times.</summary>
    public const int Step = 32;

    /// <summary>Pixels that the graph reads at most, about a third of a second on two processors; a larger picture is shrunk.</summary>
    private const int MostPixels = 2_000_000;

    /// <summary>Side of the largest square that is read, pixels: a multiple of <see cref="Step"/>.</summary>
    public const int LargestSide = 1408;

    /// <summary>Longer side of the second look at a picture in which nothing was found: letters of hundreds of pixels show only when
    /// they are small.</summary>
    private const double CoarseSide = 960;

    private readonly GraphRun _run = new(session);

    /// <summary>How many of a picture's pixels are searched.</summary>
    public static int PixelsFor(long pixels) => (int)Math.Min(pixels, MostPixels);

    /// <summary>Returns rectangles around text, in pixels of the picture.</summary>
    /// <param name="most">Rectangles after which the search ends.</param>
    /// <param name="options">Stops the run from outside.</param>
    /// <exception cref="ModelRunException">The graph fails.</exception>
    public List<TextQuad> Find(Picture picture, int most, RunOptions options)
    {
        var scale = Math.Min(1, Math.Sqrt((double)MostPixels / ((long)picture.Width * picture.Height)));
        var found = Find(picture, scale, most, options);
        var coarse = CoarseSide / Math.Max(picture.Width, picture.Height);
        return found.Count == 0 && coarse < scale ? Find(picture, coarse, most, options) : found;
    }

    /// <summary>Returns the map of probabilities of a tensor.</summary>
    /// <param name="tensor"><c>[1, 3, height, width]</c>, both multiples of <see cref="Step"/>.</param>
    /// <returns><c>[height, width]</c>.</returns>
    /// <exception cref="ModelRunException">The graph fails, or gives a map of another size or with other numbers than 0 to 1.</exception>
    public float[] Run(float[] tensor, int height, int width, RunOptions options) =>
        _run.Run(tensor, [1, 3, height, width], [1, 1, height, width], options);

    /// <summary>The numbers that the graph reads of a picture: shrunk by a factor, and padded with zeros to whole steps.</summary>
    public static float[] MakeTensor(Picture picture, (int Width, int Height) size)
    {
        var (width, height) = size;
        var pixels = PictureResizer.Resize(picture, ResizeFilter.Bilinear, width, height, new PicturePart(0, 0, width, height));
        var padded = RoundUp(width);
        var tensor = new float[3 * padded * RoundUp(height)];
        PixelNumbers.Detection.Write(pixels, width, tensor, padded);
        return tensor;
    }

    /// <summary>The next multiple of <see cref="Step"/>.</summary>
    public static int RoundUp(int side) => (side + Step - 1) / Step * Step;

    private List<TextQuad> Find(Picture picture, double scale, int most, RunOptions options)
    {
        var (width, height) = (Scaled(picture.Width), Scaled(picture.Height));
        var map = Run(MakeTensor(picture, (width, height)), RoundUp(height), RoundUp(width), options);
        return
        [
            .. TextRegions.Find(map, RoundUp(width), (width, height), most)
                .Select(quad => quad.Scale((double)picture.Width / width, (double)picture.Height / height)),
        ];

        int Scaled(int side) => Math.Max((int)Math.Round(side * scale), 1);
    }
}
