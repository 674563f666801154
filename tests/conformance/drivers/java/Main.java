import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.function.UnaryOperator;

/** Reads commands and writes replies, a line each. Each {@code begin} loads the code anew, as a process does that starts. */
final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    PrintStream output = new PrintStream(System.out, true, "UTF-8");
    URL[] classes = {new java.io.File(arguments[0]).toURI().toURL()};
    UnaryOperator<String> driver = null;
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("{\"do\": \"begin\"")) {
        if (driver instanceof AutoCloseable) ((AutoCloseable) driver).close();
        ClassLoader loader = new URLClassLoader(classes, Main.class.getClassLoader());
        driver = load(Class.forName("mtspace.vod.runtime.Driver", true, loader));
      }
      output.println(driver.apply(line));
    }
  }

  @SuppressWarnings("unchecked")
  private static UnaryOperator<String> load(Class<?> driver) throws ReflectiveOperationException {
    return (UnaryOperator<String>) driver.getDeclaredConstructor().newInstance();
  }
}
