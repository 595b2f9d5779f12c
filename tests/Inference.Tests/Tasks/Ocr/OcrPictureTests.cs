using SkiaSharp;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Ocr;

/// <summary>Pictures that are turned, resized, inverted, joined and damaged: made of the shared ones.</summary>
public sealed class OcrPictureTests(OcrReader reader) : IClassFixture<OcrReader>
{
    private const string Invoice = "invoice.png";
    private static readonly SKColor Dark = new(20, 20, 20);

    [SharedFact(TextPictures.Folder)]
    public async Task A_picture_that_was_turned_reads_as_the_upright_one()
    {
        using var picture = TextPictures.Load(Invoice);
        var expected = TextPictures.Written(Invoice).Select(TextPictures.Letters).ToList();
        foreach (var degrees in (float[])[90, 180, 270, 20, -35])
        {
            var lines = await reader.ReadAsync(TextPictures.Turn(picture, degrees, SKColors.White));

            Assert.Equal(expected, lines.Select(line => TextPictures.Letters(line.Text)));
        }
    }

    [SharedFact(TextPictures.Folder)]
    public async Task The_orientation_of_a_file_is_applied_and_corners_are_those_of_the_picture_as_shown()
    {
        using var picture = TextPictures.Load(Invoice);
        var expected = TextPictures.Written(Invoice).Select(TextPictures.Letters).ToList();
        var upright = (await reader.ReadAsync(TextPictures.Bytes(Invoice)))[0].Quad;
        foreach (var (orientation, degrees) in new[] { ((byte)3, 180f), ((byte)6, -90f), ((byte)8, 90f) })
        {
            var file = PictureBytes.Turned(
                TextPictures.Turn(picture, degrees, SKColors.White, SKEncodedImageFormat.Jpeg), orientation);

            var (found, lines) = await reader.FindAndReadAsync(file);

            Assert.Equal((picture.Width, picture.Height), (found.Width, found.Height));
            Assert.Equal(expected, lines.Select(line => TextPictures.Letters(line.Text)));
            Assert.All(upright.Corners.Zip(lines[0].Quad.Corners), pair => Assert.InRange((pair.First - pair.Second).Length, 0, 4));
        }
    }

    [SharedFact(TextPictures.Folder)]
    public async Task Light_text_on_dark_paper_reads_as_dark_text_on_light_paper()
    {
        using var picture = TextPictures.Load("tilted.png");
        var inverted = TextPictures.Draw(picture.Width, picture.Height, SKColors.Black, canvas =>
        {
            TextPictures.Put(canvas, picture, 0, 0);
            using var paint = new SKPaint { Color = SKColors.White, BlendMode = SKBlendMode.Difference };
            canvas.DrawRect(0, 0, picture.Width, picture.Height, paint);
        });

        var lines = await reader.ReadAsync(inverted);

        Assert.Equal(TextPictures.Written("tilted.png"), lines.Select(line => line.Text));
    }

    [Fact]
    public async Task Pictures_without_text_have_no_lines()
    {
        foreach (var file in (byte[][])
            [
                PictureBytes.Gif, PictureBytes.Plain(1, 1, 0, 0, 0), PictureBytes.Plain(1, 500, 255, 255, 255),
                PictureBytes.Plain(2000, 3, 9, 9, 9), PictureBytes.Plain(640, 480, 255, 255, 255),
            ])
        {
            Assert.Empty(await reader.ReadAsync(file));
        }
    }

    /// <summary>Others read such a strip as one line, without looking where its text is.</summary>
    [SharedFact(TextPictures.Folder)]
    public async Task One_short_line_in_a_wide_strip_is_found_where_it_is()
    {
        using var picture = TextPictures.Load(Invoice);
        var strip = TextPictures.Draw(6000, 60, SKColors.White, canvas =>
        {
            canvas.ClipRect(new SKRect(3000, 0, 3400, 60));
            TextPictures.Put(canvas, picture, 3000, -190); // "Total due: $0.60"
        });

        var line = Assert.Single(await reader.ReadAsync(strip));

        Assert.Equal("Total due: $0.60", line.Text);
        Assert.InRange(line.Quad.First.X, 3020, 3040);
        Assert.InRange(line.Quad.Second.X, 3270, 3290);
    }

    [SharedFact(TextPictures.Folder)]
    public async Task A_leaning_column_keeps_its_upper_corners_on_top_and_is_read()
    {
        using var picture = TextPictures.Load("sign.png");
        foreach (var degrees in (float[])[86, 94, -86, -94])
        {
            var lines = await reader.ReadAsync(TextPictures.Turn(picture, degrees, new SKColor(190, 30, 40)));

            Assert.Equal(["NOENTRY", "Staffonlyafter18:00"], lines.Select(line => TextPictures.Letters(line.Text)));
            foreach (var quad in lines.Select(line => line.Quad).Concat(lines.SelectMany(line => line.Words.Select(word => word.Quad))))
            {
                Assert.True(quad.First.Y < quad.Fourth.Y && quad.Second.Y < quad.Third.Y, $"{quad}");
                Assert.True(quad.First.X < quad.Second.X && quad.Fourth.X < quad.Third.X, $"{quad}");
            }
        }
    }

    /// <summary>The euro sign is not in the dictionary: others give a shorter, clean text.</summary>
    [SharedFact(TextPictures.Folder)]
    public async Task A_character_that_the_model_does_not_know_shows_in_the_confidence_and_is_counted()
    {
        using var picture = TextPictures.Load(Invoice);
        var file = TextPictures.Draw(picture.Width, 80, SKColors.White, canvas =>
        {
            TextPictures.Put(canvas, picture, 0, -180);
            using var paper = new SKPaint { Color = SKColors.White };
            canvas.DrawRect(200, 10, 18, 50, paper); // Over the dollar sign.
            using var ink = new SKPaint { Color = new(160, 20, 20), Style = SKPaintStyle.Stroke, StrokeWidth = 2.5f, IsAntialias = true };
            canvas.DrawArc(new SKRect(204, 25, 218, 44), 50, 260, useCenter: false, ink);
            canvas.DrawLine(201, 32, 213, 32, ink);
            canvas.DrawLine(201, 37, 213, 37, ink);
        });

        var line = Assert.Single(await reader.ReadAsync(file));
        var whole = (await reader.ReadAsync(TextPictures.Bytes(Invoice)))[3];

        Assert.True(line.Unread == 1 || line.Confidence < whole.Confidence - 0.03, $"{line.Text} {line.Confidence} {line.Unread}");
    }

    [SharedFact(TextPictures.Folder)]
    public async Task Spaces_stay_at_a_low_resolution()
    {
        using var picture = TextPictures.Load(Invoice);

        var lines = await reader.ReadAsync(TextPictures.Scale(picture, 0.55));

        Assert.Equal("Price per million: $0.50", lines[2].Text);
        Assert.Equal("Total due: $0.60", lines[3].Text);
    }

    [SharedFact(TextPictures.Folder)]
    public async Task Many_lines_come_in_the_order_of_reading_and_read_as_they_do_alone()
    {
        using var invoice = TextPictures.Load(Invoice);
        using var sign = TextPictures.Load("sign.png");
        var page = TextPictures.Draw(1240, 1500, Dark, canvas =>
        {
            for (var row = 0; row < 5; row++)
            {
                TextPictures.Put(canvas, invoice, 0, row * 300);
                TextPictures.Put(canvas, sign, 740, row * 300);
            }
        });
        var alone = (await reader.ReadAsync(TextPictures.Bytes(Invoice))).Concat(await reader.ReadAsync(TextPictures.Bytes("sign.png")))
            .Select(line => TextPictures.Letters(line.Text)).ToList();

        var lines = (await reader.ReadAsync(page)).Select(line => TextPictures.Letters(line.Text)).ToList();

        string[] row = [alone[0], alone[4], alone[1], alone[5], alone[2], alone[3]];
        Assert.Equal(Enumerable.Repeat(row, 5).SelectMany(texts => texts), lines);
    }

    [SharedFact(TextPictures.Folder)]
    public async Task A_very_long_line_is_read_in_pieces()
    {
        using var picture = TextPictures.Load("tilted.png");
        using var upright = SKBitmap.Decode(TextPictures.Turn(picture, 4, SKColors.White));
        var strip = TextPictures.Draw(6600, 54, SKColors.White, canvas =>
        {
            for (var i = 0; i < 20; i++)
            {
                canvas.Save();
                canvas.ClipRect(new SKRect(i * 330, 0, (i * 330) + 330, 54));
                TextPictures.Put(canvas, upright, (i * 330) - 30, -60);
                canvas.Restore();
            }
        });
        var expected = string.Concat(Enumerable.Repeat("Thequickbrownfox", 20));

        var lines = await reader.ReadAsync(strip);

        Assert.Equal(expected, TextPictures.Letters(Assert.Single(lines).Text));
    }

    [SharedFact(TextPictures.Folder)]
    public async Task A_large_picture_is_searched_smaller_and_its_corners_are_its_own()
    {
        using var picture = TextPictures.Load(Invoice);
        var large = TextPictures.Scale(picture, 4);

        var lines = await reader.ReadAsync(large);

        Assert.Equal(
            TextPictures.Written(Invoice).Select(TextPictures.Letters), lines.Select(line => TextPictures.Letters(line.Text)));
        Assert.InRange(lines[0].Quad.Center.X, 4 * 205, 4 * 222);
    }
}
