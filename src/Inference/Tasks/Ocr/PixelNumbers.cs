using Tollgate.Inference.Pictures;

namespace Tollgate.Inference.Tasks.Ocr;

/// <summary>How bytes of pixels become the numbers that a graph of PaddleOCR reads: blue, green, red, each normalised.</summary>
internal sealed class PixelNumbers
{
    private const int Channels = 3;

    /// <summary>The detector's: mean and deviation of ImageNet, in the order in which PaddleOCR applies them.</summary>
    public static readonly PixelNumbers Detection = new([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

    /// <summary>The recognizer's and the classifier's: −1 to 1.</summary>
    public static readonly PixelNumbers Recognition = new([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]);

    private readonly float[][] _tables;

    private PixelNumbers(double[] mean, double[] deviation) => _tables =
    [
        .. Enumerable.Range(0, Channels).Select(channel => Enumerable.Range(0, 256)
            .Select(value => (float)(((value / 255.0) - mean[channel]) / deviation[channel])).ToArray()),
    ];

    /// <summary>Writes pixels into the upper left corner of a tensor's picture; what is not written stays 0.</summary>
    /// <param name="pixels">Four bytes each: red, green, blue and one that is not read; row by row.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="tensor">One picture, <c>[3, height, tensorWidth]</c>.</param>
    public void Write(ReadOnlySpan<byte> pixels, int width, Span<float> tensor, int tensorWidth)
    {
        var plane = tensor.Length / Channels;
        var rows = pixels.Length / (width * Picture.BytesPerPixel);
        for (var channel = 0; channel < Channels; channel++)
        {
            var table = _tables[channel];
            for (var y = 0; y < rows; y++)
            {
                var row = tensor.Slice((channel * plane) + (y * tensorWidth), width);
                var source = pixels[(y * width * Picture.BytesPerPixel)..];
                for (var x = 0; x < width; x++)
                {
                    row[x] = table[source[(x * Picture.BytesPerPixel) + Channels - 1 - channel]];
                }
            }
        }
    }
}
