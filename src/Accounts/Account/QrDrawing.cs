using System.Globalization;
using System.Text;
using QRCoder;

namespace Tollgate.Accounts.Account;

/// <summary>A QR code as one path of unit squares, with the quiet zone of four around it.</summary>
/// <param name="Size">Squares on a side.</param>
/// <param name="Path">Dark squares, as data of an SVG path.</param>
internal sealed record QrDrawing(int Size, string Path)
{
    public static QrDrawing Of(string text)
    {
        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var rows = code.ModuleMatrix;
        var path = new StringBuilder();
        for (var y = 0; y < rows.Count; y++)
        {
            for (var x = 0; x < rows.Count; x++)
            {
                var from = x;
                while (x < rows.Count && rows[y][x])
                {
                    x++;
                }

                if (x > from)
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{from} {y}h{x - from}v1h-{x - from}z");
                }
            }
        }

        return new QrDrawing(rows.Count, path.ToString());
    }
}
